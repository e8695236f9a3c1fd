import type { BlobPath } from '#platform/blobs/blob-store.ts';
import { strayMadeAt } from '../document-path.ts';
import type { DeletionDeps } from './delete-documents.ts';
import { namedPaths } from './deletion.store.ts';

/** No upload takes so long between its bytes and its row. Milliseconds. */
const ageMs = 24 * 60 * 60_000;
const batchSize = 200;

/** Removes blobs of documents that no row names and whose own name says that they are a day old: crashes between bytes and row leave them. */
export async function sweepStrays({ metadata, blobs, log }: DeletionDeps, signal: AbortSignal): Promise<number> {
  const before = Date.now() - ageMs;
  let removed = 0;
  let batch: BlobPath[] = [];
  const sweep = async () => {
    const named = await namedPaths(metadata.read, batch);
    for (const path of batch.filter((one) => !named.has(one))) {
      await blobs.remove(path);
      removed += 1;
    }
    batch = [];
  };
  for await (const { path } of blobs.list('users')) {
    if (signal.aborted) break;
    const madeAt = strayMadeAt(path);
    if (madeAt === undefined || madeAt > before) continue;
    batch.push(path);
    if (batch.length === batchSize) await sweep();
  }
  await sweep();
  if (removed > 0) log.info({ removed }, 'blobs without a document swept');
  return removed;
}
