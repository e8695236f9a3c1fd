import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { chunkBlobsOfStream } from '../chunks/chunks.store.ts';
import { type StreamRow, streamOf } from './streams.store.ts';
import { completeStreamTransaction } from './streams.transactions.ts';

const checksAtOnce = 16;
const pageSize = 1_000;

/**
 * Declares that chunks 1..n are all there: first every blob is looked up at its size, then the rows are judged in the transaction
 * that changes the state. Throws stream_chunks_incomplete, stream_chunks_not_contiguous, stream_chunk_file_missing,
 * stream_already_complete, stream_failed, incident_deleting.
 */
export async function completeStream(
  deps: { metadata: Metadata; blobs: BlobStore },
  input: { incidentId: string; streamId: string; expectedChunkCount: number },
): Promise<StreamRow> {
  const stream = await streamOf(deps.metadata.read, input.incidentId, input.streamId);
  if (stream.status === 'open') {
    // Cheap refusal before a long walk over the blobs; the transaction decides.
    if (stream.chunk_count < input.expectedChunkCount) throw new Problem('stream_chunks_incomplete');
    await assertBlobsReadable(deps, stream);
  }
  return await deps.metadata.write(completeStreamTransaction, { ...input, at: timestamp(Date.now()) });
}

async function assertBlobsReadable(deps: { metadata: Metadata; blobs: BlobStore }, stream: StreamRow): Promise<void> {
  let after = 0;
  for (;;) {
    const page = await chunkBlobsOfStream(deps.metadata.read, stream.incident_id, stream.id, after, pageSize);
    for (let i = 0; i < page.length; i += checksAtOnce) {
      const sizes = await Promise.all(
        page.slice(i, i + checksAtOnce).map(async (chunk) => ({
          actual: await deps.blobs.size(chunk.stored_path),
          expected: chunk.byte_size,
        })),
      );
      if (sizes.some(({ actual, expected }) => actual !== expected)) throw new Problem('stream_chunk_file_missing');
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = last.chunk_index;
  }
}
