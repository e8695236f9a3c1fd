import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { requireBlobPath, requireRange } from '../blob-range.ts';
import type { BlobStore, StagedBody } from '../blob-store.ts';
import { piecesOf } from '../pieces.ts';
import { StagingQuota, type StagingReservation } from '../staging-quota.ts';
import { takeBody } from '../take-body.ts';

export interface MemoryBlobStoreOptions {
  stagingQuotaBytes: number;
  maxBodyBytes: number;
}

class MemoryStagedBody implements StagedBody {
  readonly bytes: Buffer;
  readonly sha256Hex: string;
  /** Committed or discarded: it cannot be committed any more. */
  spent = false;
  readonly #reservation: StagingReservation;

  constructor(bytes: Buffer, reservation: StagingReservation) {
    this.bytes = bytes;
    this.sha256Hex = sha256(bytes);
    this.#reservation = reservation;
  }

  get byteSize(): number {
    return this.bytes.length;
  }

  async discard(): Promise<void> {
    this.spent = true;
    this.#reservation.release();
  }
}

/** For tests: the same answers as the stores that last, and nothing survives the process. */
export function createMemoryBlobStore(options: MemoryBlobStoreOptions): BlobStore {
  const quota = new StagingQuota(options.stagingQuotaBytes);
  const blobs = new Map<string, Buffer>();
  const ours = new WeakSet<StagedBody>();
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new Problem('storage_unavailable');
  }

  return {
    staging: {
      async receive(body, limits) {
        assertOpen();
        const maxBytes = Math.min(limits.maxBytes, options.maxBodyBytes);
        if ((limits.declaredBytes ?? 0) > maxBytes) throw new Problem('upload_too_large');
        const reservation = quota.reserve(limits.declaredBytes ?? 0);
        const parts: Buffer[] = [];
        try {
          await takeBody(body, { ...limits, maxBytes }, (bytes, totalBytes) => {
            reservation.cover(totalBytes);
            parts.push(bytes);
            return undefined;
          });
        } catch (error) {
          reservation.release();
          throw error;
        }
        const staged = new MemoryStagedBody(Buffer.concat(parts), reservation);
        ours.add(staged);
        return staged;
      },
      assertRoom: (bytes) => quota.assertRoom(bytes),
      usage: () => quota.usage(),
      sweep: async () => ({ removed: 0, bytes: 0 }),
    },
    async commit(path, body) {
      requireBlobPath(path);
      assertOpen();
      if (!(body instanceof MemoryStagedBody) || !ours.has(body) || body.spent) {
        throw new Problem('internal_error', { message: 'This body is not staged here.' });
      }
      const standing = blobs.get(path);
      if (standing !== undefined && !standing.equals(body.bytes)) throw new Problem('blob_conflict');
      if (standing === undefined) blobs.set(path, body.bytes);
      await body.discard();
      return standing === undefined ? 'created' : 'adopted';
    },
    async open(path, range) {
      requireBlobPath(path);
      requireRange(range);
      assertOpen();
      const bytes = blobs.get(path);
      if (bytes === undefined || (range !== undefined && range.end >= bytes.length))
        throw new Problem('evidence_corrupt');
      const part = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
      return { byteSize: bytes.length, stream: Readable.from(part.length === 0 ? [] : [Buffer.from(part)]) };
    },
    async openVerified(path, record) {
      requireBlobPath(path);
      assertOpen();
      const bytes = blobs.get(path);
      if (bytes === undefined || bytes.length !== record.byteSize || sha256(bytes) !== record.sha256Hex)
        throw new Problem('evidence_corrupt');
      return {
        byteSize: bytes.length,
        pieces: piecesOf(Readable.from(bytes.length === 0 ? [] : [Buffer.from(bytes)])),
      };
    },
    async size(path) {
      assertOpen();
      return blobs.get(requireBlobPath(path))?.length;
    },
    async check(path, expected) {
      assertOpen();
      const bytes = blobs.get(requireBlobPath(path));
      if (bytes === undefined) return 'missing';
      const same = bytes.length === expected.byteSize && sha256(bytes) === expected.sha256Hex;
      return same ? 'same' : 'different';
    },
    async remove(path) {
      assertOpen();
      blobs.delete(requireBlobPath(path));
    },
    async *list(prefix) {
      if (prefix !== undefined) requireBlobPath(prefix);
      assertOpen();
      for (const [path, bytes] of blobs) {
        if (prefix === undefined || path === prefix || path.startsWith(`${prefix}/`))
          yield { path, byteSize: bytes.length };
      }
    },
    async health() {
      return closed ? 'unavailable' : 'ok';
    },
    async close() {
      closed = true;
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
