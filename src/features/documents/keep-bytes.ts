import { isProblem } from '#kit/errors.ts';
import type { BlobPath, BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { DocumentRow } from './access.ts';
import type { Added } from './documents.transactions.ts';

interface KeepBytes {
  path: BlobPath;
  body: StagedBody;
  /** The transaction that names the blob. */
  record: () => Promise<Added>;
  /** What that transaction has written, where its outcome is not known. */
  written: () => Promise<DocumentRow | undefined>;
}

/** Bytes first, rows second, the answer last. Resolves only when both are durable; the body stays the caller's to discard. */
export async function keepBytes(blobs: BlobStore, { path, body, record, written }: KeepBytes): Promise<Added> {
  failpoint('before-document-commit');
  // A crash after this leaves a blob that no row names: never shown, and swept.
  await blobs.commit(path, body);
  failpoint('after-document-commit');
  let added: Added;
  try {
    added = await record();
  } catch (error) {
    // Clear refusal: no row names the blob, and its name is nobody else's. Unknown outcome: the database is asked, and nothing is removed.
    if (isProblem(error) && error.kind !== 'unavailable' && error.kind !== 'internal') {
      await blobs.remove(path);
      throw error;
    }
    const document = await written().catch(() => undefined);
    if (document === undefined) throw error;
    return { created: true, document };
  }
  failpoint('before-document-reply');
  if (!added.created) await blobs.remove(path);
  return added;
}
