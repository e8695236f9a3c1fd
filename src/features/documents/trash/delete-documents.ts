import { auditEntry } from '#features/audit/index.ts';
import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { Log } from '#platform/process/log.ts';
import { documentFolder } from '../document-path.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { type DeletingDocument, documentsToDelete, ownersOfOldTrash, pathsOfDocument } from './deletion.store.ts';
import { emptyTrashTransaction, finishDeletionTransaction } from './deletion.transactions.ts';

/** Small batches with a breath between: filesystems that delete in bulk are slow to create files for minutes after. */
const batchSize = 64;
const pauseMs = 20;

export interface DeletionDeps {
  metadata: Metadata;
  blobs: BlobStore;
  log: Log;
}

/** Decides about what has been in the trash for as long as it may be; the rest is `deleteDocuments`. */
export async function expireTrash({ metadata }: Pick<DeletionDeps, 'metadata'>, config: DocumentConfig): Promise<void> {
  if (config.trashRetentionMs === 0) return;
  const now = Date.now();
  const before = timestamp(now - config.trashRetentionMs);
  for (const ownerId of await ownersOfOldTrash(metadata.read, before)) {
    const audit = auditEntry({
      actor: 'server',
      ownerAccountId: ownerId,
      action: 'trash.expire',
      subjectType: 'account',
      subjectId: ownerId,
    });
    await metadata.write(emptyTrashTransaction, { ownerId, before, at: timestamp(now), audit });
  }
}

/**
 * One turn over all documents that are being deleted; continues wherever an earlier turn or a crash left off, and may be at work on
 * several nodes. One whose bytes cannot be removed is tried again in the next turn. Returns how many it finished.
 */
export async function deleteDocuments(deps: DeletionDeps, signal: AbortSignal): Promise<number> {
  let finished = 0;
  let after: string | undefined;
  for (;;) {
    const documents = await documentsToDelete(deps.metadata.read, batchSize, after);
    for (const document of documents) {
      if (signal.aborted) return finished;
      if (await deleteDocument(deps, document, signal)) finished += 1;
    }
    after = documents.at(-1)?.id;
    if (after === undefined) return finished;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Blobs first, rows last: a crash in between leaves rows of a document that nobody can read any more. */
async function deleteDocument(deps: DeletionDeps, document: DeletingDocument, signal: AbortSignal): Promise<boolean> {
  const { metadata, blobs, log } = deps;
  const { id, owner_account_id: ownerId } = document;
  try {
    let after: string | undefined;
    for (;;) {
      const paths = await pathsOfDocument(metadata.read, id, batchSize, after);
      if (signal.aborted) return false;
      await Promise.all(paths.map((path) => blobs.remove(path)));
      failpoint('after-document-blob-removal');
      after = paths.at(-1);
      if (after === undefined) break;
    }
    // What was committed and never recorded; nothing can be recorded here any more.
    for await (const stray of blobs.list(documentFolder(ownerId, id))) await blobs.remove(stray.path);
  } catch (error) {
    const code = isProblem(error) ? error.code : 'internal_error';
    log.warn({ document_id: id, code }, 'the deletion of a document will be tried again');
    return false;
  }
  failpoint('before-document-deletion-finish');
  return await metadata.write(finishDeletionTransaction, {
    documentId: id,
    ownerId,
    audit: auditEntry({
      actor: 'server',
      ownerAccountId: ownerId,
      action: 'document.deleted',
      subjectType: 'document',
      subjectId: id,
    }),
  });
}
