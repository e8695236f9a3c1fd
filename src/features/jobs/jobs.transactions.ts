import type { Timestamp } from '#kit/time.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { changeClaimed, type Due, jobToClaim, nextToClaim } from './job-claims.store.ts';
import type { JobClaim } from './job-handler.ts';
import type { JobRow } from './jobs.store.ts';

export interface ClaimJob extends Due {
  /** Undefined: the one that has waited longest. */
  id?: string | undefined;
  holder: string;
  leasedUntil: Timestamp;
  now: Timestamp;
}

/** Makes a job the work of one process until its lease ends; undefined when there is none to be had. Counts as an attempt. */
export const claimJobTransaction = transaction('jobs.claim', async (trx, input: ClaimJob) => {
  const job = await (input.id === undefined ? nextToClaim(trx, input) : jobToClaim(trx, input.id, input));
  return job === undefined ? undefined : await claimed(trx, job, input);
});

async function claimed(trx: Trx, job: JobRow, { holder, leasedUntil, now }: ClaimJob): Promise<JobRow> {
  const change = {
    state: 'running' as const,
    attempts: job.attempts + 1,
    fence: job.fence + 1,
    holder,
    leased_until: leasedUntil,
    progress_done: 0,
    progress_total: null,
    updated_at: now,
  };
  await trx.updateTable('jobs').set(change).where('id', '=', job.id).execute();
  return { ...job, ...change };
}

export interface RenewJob {
  claim: JobClaim;
  leasedUntil: Timestamp;
  progress?: { done: number; total: number | null } | undefined;
  at: Timestamp;
}

/** A sign of life. False when the claim is lost. */
export const renewJobTransaction = transaction(
  'jobs.renew',
  async (trx, { claim, leasedUntil, progress, at }: RenewJob) =>
    await changeClaimed(trx, claim, {
      leased_until: leasedUntil,
      updated_at: at,
      ...(progress === undefined ? {} : { progress_done: progress.done, progress_total: progress.total }),
    }),
);

const unheld = { state: 'waiting', holder: null, leased_until: null } as const;

export interface ReleaseJob {
  claim: JobClaim;
  attempts: number;
  at: Timestamp;
}

/** For a process that is told to stop: another may go on at once, and the attempt does not count. */
export const releaseJobTransaction = transaction(
  'jobs.release',
  async (trx, { claim, attempts, at }: ReleaseJob) =>
    await changeClaimed(trx, claim, { ...unheld, attempts, updated_at: at }),
);

export interface RetryJob {
  claim: JobClaim;
  runAfter: Timestamp;
  code: string;
  detail: string | null;
  at: Timestamp;
}

export const retryJobTransaction = transaction(
  'jobs.retry',
  async (trx, { claim, runAfter, code, detail, at }: RetryJob) =>
    await changeClaimed(trx, claim, {
      ...unheld,
      run_after: runAfter,
      error_code: code,
      error_detail: detail,
      updated_at: at,
    }),
);

export interface RemoveDone {
  /** Ids carry their time: a job that was put down later cannot have ended earlier. */
  beforeId: string;
  endedBefore: Timestamp;
  limit: number;
}

/** How many went. */
export const removeDoneTransaction = transaction('jobs.remove_done', async (trx, input: RemoveDone) => {
  const removed = await trx
    .deleteFrom('jobs')
    .where('id', 'in', (query) =>
      query
        .selectFrom('jobs')
        .select('id')
        .where('state', '=', 'done')
        .where('id', '<', input.beforeId)
        .where('updated_at', '<', input.endedBefore)
        .orderBy('id')
        .limit(input.limit),
    )
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
});

/** Beside these, whoever the jobs are about makes the endings (job-endings.ts). */
export const jobTransactions = [
  claimJobTransaction,
  renewJobTransaction,
  releaseJobTransaction,
  retryJobTransaction,
  removeDoneTransaction,
];
