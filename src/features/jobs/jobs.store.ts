import type { Selectable } from 'kysely';
import { newId } from '#kit/ids.ts';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { JobClaim } from './job-handler.ts';
import type { JobKind, JobsTable } from './jobs.tables.ts';

export type JobRow = Selectable<JobsTable>;

/** Work to do; whoever makes the reason for it puts it down in the same transaction. */
export interface NewJob {
  id: string;
  kind: JobKind;
  ownerAccountId: string | null;
  documentId?: string;
  documentVersion?: number;
  cloudConnectionId?: string;
  input?: string;
  at: Timestamp;
}

export function newJob(job: Omit<NewJob, 'id'>): NewJob {
  return { ...job, id: newId('job') };
}

export async function insertJobs(trx: Trx, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  await trx
    .insertInto('jobs')
    .values(
      jobs.map((job) => ({
        id: job.id,
        kind: job.kind,
        owner_account_id: job.ownerAccountId,
        document_id: job.documentId ?? null,
        document_version: job.documentVersion ?? null,
        cloud_connection_id: job.cloudConnectionId ?? null,
        input: job.input ?? null,
        state: 'waiting' as const,
        run_after: job.at,
        created_at: job.at,
        updated_at: job.at,
      })),
    )
    .execute();
}

export async function jobById(db: Db, id: string): Promise<JobRow | undefined> {
  return await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first, of one state or of all. */
export async function listJobs(
  db: Db,
  state: JobRow['state'] | undefined,
  limit: number,
  before?: string,
): Promise<JobRow[]> {
  return await db
    .selectFrom('jobs')
    .selectAll()
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'waiting'))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** In the order in which they were put down. */
export async function jobsOfDocument(db: Db, documentId: string, limit: number, after?: string): Promise<JobRow[]> {
  return await db
    .selectFrom('jobs')
    .selectAll()
    .where('document_id', '=', documentId)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * For the transaction that holds a job's result: ends the job and puts down what follows from it. False when the claim counts no more:
 * then the body writes nothing either.
 */
export async function finishJob(
  trx: Trx,
  { jobId, fence }: JobClaim,
  at: Timestamp,
  next: readonly NewJob[] = [],
): Promise<boolean> {
  const ended = await trx
    .updateTable('jobs')
    .set({ state: 'done', holder: null, leased_until: null, error_code: null, error_detail: null, updated_at: at })
    .where('id', '=', jobId)
    .where('fence', '=', fence)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (Number(ended.numUpdatedRows) === 0) return false;
  await insertJobs(trx, next);
  return true;
}
