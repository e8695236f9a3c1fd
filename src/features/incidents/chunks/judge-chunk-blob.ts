import type { BlobPath } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { identityOfBlobPath } from './chunk-identity.ts';
import { chunkByIdentity } from './chunks.store.ts';

/** What a blob is to this slice. Ambiguous: committed, and never recorded, as a crash came between; a retry of the same upload adopts it. */
export async function judgeChunkBlob(db: Db, path: BlobPath): Promise<'accepted' | 'ambiguous' | 'foreign'> {
  const identity = identityOfBlobPath(path);
  if (identity === undefined) return 'foreign';
  return (await chunkByIdentity(db, identity))?.stored_path === path ? 'accepted' : 'ambiguous';
}
