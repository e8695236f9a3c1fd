import { createHash } from 'node:crypto';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { streamHeaders } from './reply.ts';
import type { HttpContext } from './route.ts';
import { writeWithBackPressure } from './write-stream.ts';

export interface StoredBytes {
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
}

/** Sends one blob as an attachment, hashing as it leaves: the last bytes go out only when the whole was right. */
export async function sendBlob(
  c: HttpContext,
  blobs: BlobStore,
  blob: StoredBytes,
  filename: string,
): Promise<Response> {
  const open = await blobs.open(blob.stored_path);
  if (open.byteSize !== blob.byte_size) {
    open.stream.destroy();
    throw new Problem('evidence_corrupt');
  }
  const { outgoing } = c.env;
  const pieces = verified(open.stream, blob);
  // A blob of one piece is judged whole here, where a clear refusal is still possible.
  const first = await pieces.next();
  outgoing.writeHead(
    200,
    streamHeaders({
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(blob.byte_size),
      'Content-Disposition': `attachment; filename="${filename}"`,
    }),
  );
  if (first.done !== true) {
    outgoing.write(first.value);
    await writeWithBackPressure(outgoing, pieces);
  }
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

/** The bytes of a blob; throws evidence_corrupt in place of the last piece when hash or size differ from the record. */
export async function* verified(bytes: AsyncIterable<Buffer>, expected: StoredBytes): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  let held: Buffer | undefined;
  for await (const piece of bytes) {
    hash.update(piece);
    size += piece.length;
    if (held !== undefined) yield held;
    held = piece;
  }
  if (size !== expected.byte_size || hash.digest('hex') !== expected.sha256_hex) throw new Problem('evidence_corrupt');
  if (held !== undefined) yield held;
}
