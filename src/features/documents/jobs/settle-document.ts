import { finishJob, type JobClaim, type NewJob } from '#features/jobs/index.ts';
import type { Timestamp } from '#kit/time.ts';
import type { Trx } from '#platform/metadata/metadata.ts';

/** A document comes before its jobs in the order of locks. False when there is none any more. */
export async function holdDocument(trx: Trx, documentId: string): Promise<boolean> {
  const found = await trx
    .selectFrom('documents')
    .select('id')
    .where('id', '=', documentId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return found !== undefined;
}

/** Makes its status what the jobs of its current version say, all of them: of a document that `holdDocument` holds. */
export async function settleDocument(trx: Trx, documentId: string): Promise<void> {
  const rows = await trx
    .selectFrom('documents')
    .innerJoin('jobs', (join) =>
      join.onRef('jobs.document_id', '=', 'documents.id').onRef('jobs.document_version', '=', 'documents.version'),
    )
    .select('jobs.state')
    .distinct()
    .where('documents.id', '=', documentId)
    .execute();
  const states = rows.map(({ state }) => state);
  const status =
    states.includes('waiting') || states.includes('running')
      ? 'processing'
      : states.includes('parked')
        ? 'failed'
        : 'ready';
  await trx
    .updateTable('documents')
    .set({ status })
    .where('id', '=', documentId)
    .where('status', '!=', status)
    .execute();
}

export interface FinishDocumentJob {
  claim: JobClaim;
  documentId: string;
  at: Timestamp;
  /** What follows from it. */
  next?: readonly NewJob[];
}

/**
 * For the transaction that holds the result of a document's job, before it writes anything else: ends the job and settles the document.
 * False when the claim counts no more or the document is gone: then the body writes nothing.
 */
export async function finishDocumentJob(
  trx: Trx,
  { claim, documentId, at, next }: FinishDocumentJob,
): Promise<boolean> {
  if (!(await holdDocument(trx, documentId)) || !(await finishJob(trx, claim, at, next))) return false;
  await settleDocument(trx, documentId);
  return true;
}
