import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { streamHeaders } from './reply.ts';
import type { HttpContext } from './route.ts';
import { writeWithBackPressure } from './write-stream.ts';

export interface StoredBytes {
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
}

/** Sends one blob as an attachment. The last bytes go out only when the whole was right; a small blob is judged before its first. */
export async function sendBlob(
  c: HttpContext,
  blobs: BlobStore,
  blob: StoredBytes,
  filename: string,
): Promise<Response> {
  const record = { byteSize: blob.byte_size, sha256Hex: blob.sha256_hex };
  const { pieces } = await blobs.openVerified(blob.stored_path, record);
  const { outgoing } = c.env;
  outgoing.writeHead(
    200,
    streamHeaders({
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(blob.byte_size),
      'Content-Disposition': `attachment; filename="${filename}"`,
    }),
  );
  await writeWithBackPressure(outgoing, pieces);
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}
