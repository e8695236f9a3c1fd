import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ErrorCode } from '#kit/error-codes.ts';
import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from './blob-store.ts';

/** Makes a fresh store with `contractLimits`, one that nothing else uses. */
export type OpenForContract = () => Promise<{ store: BlobStore; done?: () => Promise<void> }>;

/** What every implementation is given, so that limits can be reached by small tests. Bytes. */
export const contractLimits = { stagingQuotaBytes: 64 * 1024 * 1024, maxBodyBytes: 16 * 1024 * 1024 };

export const kib = 1024;
export const mib = 1024 * kib;
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function problem(code: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isProblem(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  };
}

/** In pieces of 64 KiB, as a socket would bring it. */
export function bodyOf(bytes: Buffer, pieceBytes = 64 * kib): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return Readable.from(pieces, { objectMode: false });
}

export function assertStagingEmpty(store: BlobStore): void {
  const { bodies, bytes } = store.staging.usage();
  assert.deepEqual({ bytes, bodies }, { bytes: 0, bodies: 0 });
}
