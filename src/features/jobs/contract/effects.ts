import { auditTransactions } from '#features/audit/transactions.ts';
import { timestamp } from '#kit/time.ts';
import { type Db, type Metadata, type Trx, transaction } from '#platform/metadata/metadata.ts';
import { jobEndings } from '../job-endings.ts';
import type { JobClaim, JobHandler } from '../job-handler.ts';
import { finishJob, insertJobs, type JobRow, type NewJob, newJob } from '../jobs.store.ts';
import type { JobKind } from '../jobs.tables.ts';
import { jobTransactions } from '../jobs.transactions.ts';

/** An effect that can be counted: a row of a table that jobs know nothing of. */
async function leaveMark(trx: Trx, mark: string, at: string): Promise<void> {
  await trx.insertInto('groups').values({ id: mark, name: mark, created_at: at }).execute();
}

export async function marks(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('groups').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

const putDownTransaction = transaction('contract.put_down', async (trx, jobs: readonly NewJob[]) => {
  await insertJobs(trx, jobs);
});

interface Effect {
  claim: JobClaim;
  at: string;
  next: readonly NewJob[];
}

/** Each run would leave a mark of its own, so that a second effect of one job shows. */
export const effectTransaction = transaction('contract.effect', async (trx, { claim, at, next }: Effect) => {
  if (!(await finishJob(trx, claim, at, next))) return false;
  await leaveMark(trx, `${claim.jobId}:${claim.fence}`, at);
  return true;
});

/** The subject of these jobs shows what it was told in marks, too. */
export const contractEndings = jobEndings({
  hold: async () => undefined,
  settle: async (trx, job) => await leaveMark(trx, `${job.state}:${job.id}:${job.fence}`, job.updated_at),
});

export const contractTransactions = [
  ...auditTransactions,
  ...jobTransactions,
  ...Object.values(contractEndings),
  putDownTransaction,
  effectTransaction,
];

/** Puts jobs down whose time has come; their ids. */
export async function putDown(metadata: Metadata, count: number, kind: JobKind = 'text'): Promise<string[]> {
  const at = timestamp(Date.now());
  const jobs = Array.from({ length: count }, () => newJob({ kind, ownerAccountId: null, at }));
  await metadata.write(putDownTransaction, jobs);
  return jobs.map(({ id }) => id);
}

/** A kind that does nothing but have its effect, after whatever the test wants before it. */
export function effectHandler(
  metadata: Metadata,
  before: (job: JobRow, signal: AbortSignal) => Promise<void> | void = () => undefined,
  kind: JobKind = 'text',
): JobHandler {
  return {
    kind,
    timeoutMs: 60_000,
    run: async (job, { claim, signal }) => {
      await before(job, signal);
      await metadata.write(effectTransaction, { claim, at: timestamp(Date.now()), next: [] });
    },
  };
}

export async function states(db: Db): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('jobs')
    .select((builder) => ['state', builder.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}
