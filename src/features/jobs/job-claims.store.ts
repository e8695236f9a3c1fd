import { sql } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { JobClaim } from './job-handler.ts';
import type { JobRow } from './jobs.store.ts';
import type { JobKind } from './jobs.tables.ts';

/** Word for word as the index says it: SQLite takes the index for no parameter. */
const unfinished = sql<boolean>`state IN ('waiting', 'running')`;

export interface Due {
  /** Those that the process has a handler for; never empty. */
  kinds: readonly JobKind[];
  /** Jobs whose time has come by then, and whose holder showed no sign of life until then. */
  at: Timestamp;
}

function due(db: Db, { kinds, at }: Due) {
  return db
    .selectFrom('jobs')
    .where(unfinished)
    .where('run_after', '<=', at)
    .where('kind', 'in', kinds)
    .where((where) => where.or([where('state', '=', 'waiting'), where('leased_until', '<=', at)]));
}

/** Those that wait for a worker, longest first. */
export async function dueJobs(db: Db, wanted: Due, limit: number): Promise<string[]> {
  const rows = await due(db, wanted).select('id').orderBy('run_after').orderBy('id').limit(limit).execute();
  return rows.map(({ id }) => id);
}

/** Holds the row of the one that has waited longest, passing over those that others are just taking. */
export async function nextToClaim(trx: Trx, wanted: Due): Promise<JobRow | undefined> {
  return await due(trx, wanted)
    .selectAll()
    .orderBy('run_after')
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

/** Undefined also when it is another's, not due, or being taken at this moment. */
export async function jobToClaim(trx: Trx, id: string, wanted: Due): Promise<JobRow | undefined> {
  return await due(trx, wanted).selectAll().where('id', '=', id).forUpdate().skipLocked().executeTakeFirst();
}

/** Changes the job, if the claim still counts; false otherwise. */
export async function changeClaimed(
  trx: Trx,
  { jobId, fence }: JobClaim,
  change: Partial<
    Pick<
      JobRow,
      | 'state'
      | 'attempts'
      | 'run_after'
      | 'holder'
      | 'leased_until'
      | 'progress_done'
      | 'progress_total'
      | 'error_code'
      | 'error_detail'
    >
  > & { updated_at: Timestamp },
): Promise<boolean> {
  const changed = await trx
    .updateTable('jobs')
    .set(change)
    .where('id', '=', jobId)
    .where('fence', '=', fence)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return Number(changed.numUpdatedRows) === 1;
}
