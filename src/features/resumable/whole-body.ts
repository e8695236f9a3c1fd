import { Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { PartRow } from './resumable.store.ts';

/**
 * The bytes of all parts in order, each part judged against its own record while it is read. Pieces are copies: what the store lends
 * serves another reader as soon as the next is asked for. Throws evidence_corrupt, also when the parts do not join, and shutting_down
 * between two parts when it is told to stop.
 */
export async function* wholeBody(
  blobs: BlobStore,
  parts: readonly PartRow[],
  byteSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const part of parts) {
    if (signal?.aborted === true) throw new Problem('shutting_down');
    if (part.start_byte !== offset) throw new Problem('evidence_corrupt');
    const record = { byteSize: part.byte_size, sha256Hex: part.sha256_hex };
    const { pieces } = await blobs.openVerified(part.stored_path, record);
    for await (const piece of pieces) yield Buffer.from(piece);
    offset += part.byte_size;
  }
  if (offset !== byteSize) throw new Problem('evidence_corrupt');
}
