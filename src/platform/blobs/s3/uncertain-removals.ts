import { Problem } from '#kit/errors.ts';
import type { BlobPath } from '../blob-store.ts';

/** Longer than any store keeps a request whose sender is gone. Milliseconds. */
const graceMs = 15 * 60_000;

/**
 * Names whose removal had an attempt without a clear answer. It may be carried out later, and would then take a blob that was
 * created and acknowledged in between; so for a while nothing is created there.
 */
export class UncertainRemovals {
  /** In the order of their ends. */
  readonly #until = new Map<BlobPath, number>();
  readonly #graceMs: number;

  constructor(forMs = graceMs) {
    this.#graceMs = forMs;
  }

  add(path: BlobPath): void {
    const now = performance.now();
    for (const [other, until] of this.#until) {
      if (until > now) break;
      this.#until.delete(other);
    }
    this.#until.delete(path);
    this.#until.set(path, now + this.#graceMs);
  }

  /** Throws storage_unavailable. */
  assertSettled(path: BlobPath): void {
    const leftMs = (this.#until.get(path) ?? 0) - performance.now();
    if (leftMs > 0) throw new Problem('storage_unavailable', { retryAfterSeconds: Math.ceil(leftMs / 1000) });
  }
}
