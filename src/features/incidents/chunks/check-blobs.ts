import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { identityOfBlobPath } from './chunk-identity.ts';
import { type ChunkRow, chunkByIdentity } from './chunks.store.ts';

export type BlobFinding =
  /** An accepted chunk whose bytes are gone or differ. */
  | { kind: 'missing' | 'different'; chunkId: string; incidentId: string }
  /** Committed, and never recorded: a crash came between. Never shown; a retry of the same upload adopts it. */
  | { kind: 'ambiguous'; path: string; byteSize: number }
  /** A file that this server does not make. */
  | { kind: 'foreign'; path: string; byteSize: number };

export interface BlobCheckProgress {
  chunks: number;
  blobs: number;
  bytes: number;
}

export interface BlobCheckOptions {
  /** Read and hash every blob, instead of comparing sizes. */
  hash: boolean;
  onProgress?: (progress: BlobCheckProgress) => void;
}

const pageSize = 500;
const atOnce = 8;

/** Compares rows with blobs in both directions. Reads only; safe beside a running server, whose newest uploads may show as ambiguous. */
export async function* checkBlobs(
  deps: { read: Db; blobs: BlobStore },
  options: BlobCheckOptions,
): AsyncGenerator<BlobFinding> {
  const progress: BlobCheckProgress = { chunks: 0, blobs: 0, bytes: 0 };
  const report = () => options.onProgress?.({ ...progress });
  for await (const rows of pagesOfChunks(deps.read)) {
    for (let i = 0; i < rows.length; i += atOnce) {
      const some = rows.slice(i, i + atOnce);
      const states = await Promise.all(some.map((row) => stateOf(deps.blobs, row, options.hash)));
      for (const [n, row] of some.entries()) {
        const state = states[n];
        progress.chunks += 1;
        progress.bytes += row.byte_size;
        if (state === 'missing' || state === 'different')
          yield { kind: state, chunkId: row.id, incidentId: row.incident_id };
      }
      report();
    }
  }
  for await (const blob of deps.blobs.list()) {
    progress.blobs += 1;
    if (progress.blobs % pageSize === 0) report();
    const identity = identityOfBlobPath(blob.path);
    if (identity === undefined) yield { kind: 'foreign', ...blob };
    else if ((await chunkByIdentity(deps.read, identity))?.stored_path !== blob.path)
      yield { kind: 'ambiguous', ...blob };
  }
  report();
}

async function stateOf(blobs: BlobStore, row: ChunkRow, hash: boolean): Promise<'same' | 'missing' | 'different'> {
  if (hash) return await blobs.check(row.stored_path, { byteSize: row.byte_size, sha256Hex: row.sha256_hex });
  const size = await blobs.size(row.stored_path);
  if (size === undefined) return 'missing';
  return size === row.byte_size ? 'same' : 'different';
}

async function* pagesOfChunks(db: Db): AsyncGenerator<ChunkRow[]> {
  let after = '';
  for (;;) {
    const rows = await db
      .selectFrom('chunks')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.id;
  }
}
