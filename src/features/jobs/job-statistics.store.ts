import { timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { JobRow } from './jobs.store.ts';

export async function countJobs(db: Db, state: JobRow['state']): Promise<number> {
  const row = await db
    .selectFrom('jobs')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('state', '=', state)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** By how much the job that has waited longest is over its time; 0 when none is. */
export async function longestOverdueMs(db: Db, nowMs: number): Promise<number> {
  const first = await db
    .selectFrom('jobs')
    .select((builder) => builder.fn.min('run_after').as('run_after'))
    .where('state', '=', 'waiting')
    .where('run_after', '<=', timestamp(nowMs))
    .executeTakeFirst();
  return first?.run_after ? nowMs - Date.parse(first.run_after) : 0;
}
