import { auditEntry } from '#features/audit/index.ts';
import { removeUploadsOf } from '#features/resumable/index.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { Log } from '#platform/process/log.ts';
import type { ChunkSpot } from '../chunks/chunks.store.ts';
import { countItems, type DecisionRow, openItems, unfinishedDecisions } from './deletion.store.ts';
import {
  claimDeletionTransaction,
  deletionFailedTransaction,
  finishDeletionTransaction,
  itemsRemovedTransaction,
  listItemsTransaction,
  releaseDeletionTransaction,
  removeRowsTransaction,
} from './deletion.transactions.ts';

/** Small batches with a breath between: filesystems that delete in bulk are slow to create files for minutes after. */
const batchSize = 64;
const pauseMs = 20;
/** Rows in one transaction: whoever uploads meanwhile waits for as long as one takes. */
const rowsAtOnce = 250;
/** Far longer than a batch takes, even of a slow store; so long a crash may hold up a deletion. */
const signOfLifeMs = 2 * 60_000;

interface DeletionSubject {
  decisionId: string;
  incidentId: string;
}

export interface DeletionDeps {
  metadata: Metadata;
  blobs: BlobStore;
  log: Log;
}

/** One turn over all unfinished decisions; continues wherever an earlier turn or a crash left off. Returns how many it finished. */
export async function runDeletions(deps: DeletionDeps, signal: AbortSignal): Promise<number> {
  let finished = 0;
  for (const decision of await unfinishedDecisions(deps.metadata.read, 100)) {
    if (signal.aborted) break;
    if (await runDeletion(deps, decision, signal)) finished += 1;
  }
  return finished;
}

/** Blobs first, rows last: a crash in between leaves rows of an incident that nobody can read any more, and the next turn goes on. */
async function runDeletion(deps: DeletionDeps, decision: DecisionRow, signal: AbortSignal): Promise<boolean> {
  const subject = { decisionId: decision.id, incidentId: decision.incident_id };
  const now = Date.now();
  // Where no other process can be at work, what stands half done is an earlier self's, and goes on at once.
  const staleBefore = deps.metadata.shared ? timestamp(now - signOfLifeMs) : null;
  if (!(await deps.metadata.write(claimDeletionTransaction, { ...subject, staleBefore, at: timestamp(now) })))
    return false;
  // A list that a crash cut short is begun again; what it holds already stays as it is.
  const listed = await countItems(deps.metadata.read, decision.id);
  if (listed < decision.item_count && !(await listItems(deps, subject, signal))) return await release(deps, subject);
  let tried: string | undefined;
  for (;;) {
    const items = await openItems(deps.metadata.read, decision.id, batchSize, tried);
    if (items.length === 0) break;
    tried = items.at(-1)?.id;
    if (signal.aborted) return await release(deps, subject);
    const results = await Promise.allSettled(items.map((item) => deps.blobs.remove(item.stored_path)));
    failpoint('after-blob-removal');
    const removed = items.filter((_, i) => results[i]?.status === 'fulfilled').map((item) => item.id);
    const at = timestamp(Date.now());
    if (removed.length > 0) await deps.metadata.write(itemsRemovedTransaction, { ...subject, itemIds: removed, at });
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      const errorCode = isProblem(failure.reason) ? failure.reason.code : 'internal_error';
      const itemIds = items.map((item) => item.id).filter((id) => !removed.includes(id));
      await deps.metadata.write(deletionFailedTransaction, { ...subject, itemIds, errorCode, at });
      deps.log.warn(
        { decision_id: decision.id, code: errorCode, left: itemIds.length },
        'deletion will be tried again',
      );
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  // Before what they could still commit is looked for.
  await removeUploadsOf(deps, decision.incident_id);
  // Blobs that were committed but never recorded are nobody's evidence; no upload can be accepted here any more.
  for await (const stray of deps.blobs.list(`incidents/${decision.incident_id}`)) await deps.blobs.remove(stray.path);
  failpoint('before-deletion-finish');
  let after: ChunkSpot | undefined;
  for (;;) {
    const at = timestamp(Date.now());
    const step = await deps.metadata.write(removeRowsTransaction, { ...subject, limit: rowsAtOnce, after, at });
    if (step === undefined) break;
    after = step.after;
    if (signal.aborted) return await release(deps, subject);
  }
  const finished = await deps.metadata.write(finishDeletionTransaction, {
    ...subject,
    at: timestamp(Date.now()),
    audit: auditEntry({
      actor: 'server',
      action: 'incident.deleted',
      subjectType: 'incident',
      subjectId: decision.incident_id,
    }),
  });
  if (finished) deps.log.info({ decision_id: decision.id, blobs: decision.item_count }, 'incident deleted');
  return finished;
}

/** False when it was told to stop. */
async function listItems(deps: DeletionDeps, subject: DeletionSubject, signal: AbortSignal): Promise<boolean> {
  let after: string | undefined;
  do {
    if (signal.aborted) return false;
    const at = timestamp(Date.now());
    after = await deps.metadata.write(listItemsTransaction, { ...subject, after, limit: rowsAtOnce, at });
  } while (after !== undefined);
  return true;
}

/** Told to stop: whoever comes next need not wait. */
async function release(deps: DeletionDeps, subject: DeletionSubject): Promise<false> {
  await deps.metadata.write(releaseDeletionTransaction, { ...subject, at: timestamp(Date.now()) });
  return false;
}
