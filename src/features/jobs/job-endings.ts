import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { type Transaction, type Trx, transaction } from '#platform/metadata/metadata.ts';
import { changeClaimed } from './job-claims.store.ts';
import type { JobClaim } from './job-handler.ts';
import { type JobRow, jobById } from './jobs.store.ts';

export interface ParkJob {
  claim: JobClaim;
  code: string;
  detail: string | null;
  at: Timestamp;
}

export interface RepeatJob {
  jobId: string;
  at: Timestamp;
  /** Whose matter it is, the body adds. */
  audit: AuditEntry;
}

/** What jobs are about: it changes with them, in the same transaction. Both run inside transaction bodies. */
export interface JobSubject {
  /** Locks whatever `settle` will write, before the job is locked. */
  hold(trx: Trx, job: JobRow): Promise<void>;
  /** After the job was parked, or waits again. */
  settle(trx: Trx, job: JobRow): Promise<void>;
}

/** The two changes of a job that no handler's transaction makes. */
export interface JobEndings {
  /** False when the claim counts no more. */
  park: Transaction<ParkJob, boolean>;
  /** Throws job_not_found, job_not_parked. */
  repeat: Transaction<RepeatJob, JobRow>;
}

/**
 * Jobs know nothing of what they are about, but its state may hang on theirs. So whoever owns the subject makes these transactions, once
 * in a server, and registers them among its own.
 */
export function jobEndings(subject: JobSubject): JobEndings {
  return {
    park: transaction('jobs.park', async (trx, { claim, code, detail, at }: ParkJob) => {
      const job = await jobById(trx, claim.jobId);
      if (job === undefined) return false;
      await subject.hold(trx, job);
      const change = {
        state: 'parked',
        holder: null,
        leased_until: null,
        error_code: code,
        error_detail: detail,
        updated_at: at,
      } as const;
      if (!(await changeClaimed(trx, claim, change))) return false;
      await subject.settle(trx, { ...job, ...change });
      return true;
    }),
    repeat: transaction('jobs.repeat', async (trx, { jobId, at, audit }: RepeatJob) => {
      const job = await jobById(trx, jobId);
      if (job === undefined) throw new Problem('job_not_found');
      await subject.hold(trx, job);
      const change = { state: 'waiting', attempts: 0, run_after: at, updated_at: at } as const;
      const changed = await trx
        .updateTable('jobs')
        .set(change)
        .where('id', '=', jobId)
        .where('state', '=', 'parked')
        .executeTakeFirst();
      if (Number(changed.numUpdatedRows) === 0) throw new Problem('job_not_parked');
      const repeated = { ...job, ...change };
      await subject.settle(trx, repeated);
      await appendAudit(trx, { ...audit, ownerAccountId: job.owner_account_id ?? undefined });
      return repeated;
    }),
  };
}
