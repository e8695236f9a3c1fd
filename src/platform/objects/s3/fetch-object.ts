import { createHash } from 'node:crypto';
import { S3Failure, s3Failure } from '#platform/blobs/s3/s3-failure.ts';
import type { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import type { StoredObject } from '../object-store.ts';

/** Of the object's metadata: what its bytes had when they were sent. */
export const hashName = 'sha256';

export interface FetchedObject extends StoredObject {
  /** The bytes are not those that were sent to the store. */
  harmed: boolean;
}

/** Reads all of it into memory. Undefined when there is no such object. Rejects with an S3Failure. */
export async function fetchObject(
  objects: S3Objects,
  key: string,
  signal: AbortSignal,
): Promise<FetchedObject | undefined> {
  const found = await objects.read(key, undefined, signal);
  if (found === undefined) return undefined;
  const { byteSize, etag, metadata, stream } = found;
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop);
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part as Buffer); // a byte stream, so parts are Buffers
  } catch (error) {
    throw s3Failure(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  // A copy of its own: what the network lends is a view of something larger.
  const bytes = new Uint8Array(Buffer.concat(parts));
  if (bytes.length !== byteSize || etag === undefined) throw new S3Failure(undefined);
  const expected = metadata[hashName];
  const harmed = expected !== undefined && createHash('sha256').update(bytes).digest('hex') !== expected;
  return { bytes, tag: etag, harmed };
}
