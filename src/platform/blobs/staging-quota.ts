import { Problem } from '#kit/errors.ts';
import type { StagingUsage } from './blob-store.ts';

/** Counts the bytes of every body between its first byte and its commit or discard, wherever they are kept. */
export class StagingQuota {
  #bytes = 0;
  #bodies = 0;
  readonly #quotaBytes: number;

  constructor(quotaBytes: number) {
    this.#quotaBytes = quotaBytes;
  }

  /** Throws staging_full when `bytes` more do not fit. */
  assertRoom(bytes: number): void {
    if (this.#bytes + bytes > this.#quotaBytes) throw new Problem('staging_full', { retryAfterSeconds: 5 });
  }

  /** Reserves what a body announced; nothing for one that announced nothing. Throws staging_full. */
  reserve(declaredBytes: number): StagingReservation {
    this.assertRoom(declaredBytes);
    this.#bytes += declaredBytes;
    this.#bodies += 1;
    let reserved = declaredBytes;
    let released = false;
    return {
      cover: (totalBytes) => {
        if (totalBytes <= reserved) return;
        this.assertRoom(totalBytes - reserved);
        this.#bytes += totalBytes - reserved;
        reserved = totalBytes;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#bytes -= reserved;
        this.#bodies -= 1;
      },
    };
  }

  usage(): StagingUsage {
    return { bytes: this.#bytes, bodies: this.#bodies, quotaBytes: this.#quotaBytes };
  }
}

export interface StagingReservation {
  /** Grows the reservation to at least this many bytes. Throws staging_full. */
  cover(totalBytes: number): void;
  /** Safe to call twice. */
  release(): void;
}
