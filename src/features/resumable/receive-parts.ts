import { Readable } from 'node:stream';
import { isProblem, Problem } from '#kit/errors.ts';
import type { BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { ArrivingBytes } from './arriving-bytes.ts';
import { partPath } from './part-path.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { countParts, expiryAfter, type PartRow, partAt, type UploadRow } from './resumable.store.ts';
import { addPartTransaction } from './resumable.transactions.ts';

export interface PartDeps {
  metadata: Metadata;
  blobs: BlobStore;
}

/** A sender of crumbs must not fill the database with their names. */
const maxParts = 10_000;

/**
 * Takes a body in slices, each of them durable and counted before the next is begun, and returns the new offset. Whatever cuts it short
 * loses at most what came of the slice under way; a sender who goes away loses not even that. Throws upload_offset_conflict and upload_gone
 * when another request was faster, upload_locked when it is to give way to one, length_mismatch when the body was cut, upload_too_large,
 * and what the stores throw. Whatever it throws, the parts before count.
 */
export async function receiveParts(
  deps: PartDeps,
  config: ResumableConfig,
  upload: UploadRow,
  arriving: ArrivingBytes,
): Promise<number> {
  const size = upload.byte_size;
  let offset = upload.received_bytes;
  if ((await countParts(deps.metadata.read, upload.id)) >= maxParts)
    throw new Problem('upload_too_large', { message: 'The upload came in too many pieces. Begin a new one.' });
  while (offset < size && (await arriving.more())) {
    const wanted = Math.min(config.sliceBytes, size - offset);
    // Not declared: a slice may come short.
    const body = await deps.blobs.staging.receive(Readable.from(slice(arriving, wanted), { objectMode: false }), {
      maxBytes: wanted,
    });
    try {
      if (offset + body.byteSize === size && (await arriving.more())) throw new Problem('upload_too_large');
      await keepPart(deps, config, upload.id, offset, body);
      offset += body.byteSize;
    } finally {
      await body.discard();
    }
  }
  if (offset === size) {
    if (await arriving.more()) throw new Problem('upload_too_large');
    return offset;
  }
  if (arriving.ending === 'stopped') throw new Problem('upload_locked', { retryAfterSeconds: 1 });
  if (arriving.ending === 'cut') throw new Problem('length_mismatch');
  return offset;
}

async function* slice(arriving: ArrivingBytes, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  while (left > 0) {
    const piece = await arriving.next(left);
    if (piece === undefined) return;
    left -= piece.length;
    yield piece;
  }
}

async function keepPart(
  { metadata, blobs }: PartDeps,
  config: ResumableConfig,
  uploadId: string,
  startByte: number,
  body: StagedBody,
): Promise<void> {
  const part: PartRow = {
    upload_id: uploadId,
    start_byte: startByte,
    byte_size: body.byteSize,
    stored_path: partPath(uploadId, startByte),
    sha256_hex: body.sha256Hex,
  };
  // A crash after this leaves bytes that no row names: they go when the upload goes.
  await blobs.commit(part.stored_path, body);
  failpoint('after-part-commit');
  try {
    await metadata.write(addPartTransaction, { part, expiresAt: expiryAfter(Date.now(), config.expiryMs) });
  } catch (error) {
    if (isProblem(error) && error.kind !== 'unavailable' && error.kind !== 'internal') {
      await blobs.remove(part.stored_path);
      throw error;
    }
    // Unknown outcome: the database is asked, and nothing is removed.
    const written = await partAt(metadata.read, uploadId, startByte).catch(() => undefined);
    if (written?.stored_path !== part.stored_path) throw error;
  }
  failpoint('after-part-record');
}
