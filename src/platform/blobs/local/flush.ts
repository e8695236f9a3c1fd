import { fsync, fsyncSync } from 'node:fs';

/** A flush, or a write past the page cache, quicker than this costs less in place than a trip through the thread pool. Milliseconds. */
export const quickMs = 0.4;
/** While flushing in parallel, every so many sets one flush runs alone to see whether the disk has become quick. */
const probeEvery = 64;

/**
 * Flushes sets of descriptors: one after the other while the disk answers at once, in parallel when it does not, so that a
 * batch on a slow disk waits for about one flush and not for all of them. Never flushes a descriptor a second time by itself.
 */
export class Flusher {
  #averageMs: number;
  #sets = 0;

  constructor(measuredMs: number) {
    this.#averageMs = measuredMs;
  }

  get quick(): boolean {
    return this.#averageMs < quickMs;
  }

  /** Rejects when any of them failed, after all that were begun have ended. Durability of the whole set is then unknown. */
  async flush(fds: readonly number[], onFlushed: () => void): Promise<void> {
    let next = 0;
    this.#sets += 1;
    let alone = this.quick || this.#sets % probeEvery === 0;
    while (alone && next < fds.length) {
      const fd = fds[next];
      next += 1;
      if (fd === undefined) continue;
      const began = performance.now();
      fsyncSync(fd);
      this.#averageMs = this.#averageMs * 0.75 + (performance.now() - began) * 0.25;
      onFlushed();
      alone = this.quick;
    }
    if (next === fds.length) return;
    const flushed = await Promise.allSettled(fds.slice(next).map((fd) => flushInPool(fd, onFlushed)));
    for (const result of flushed) if (result.status === 'rejected') throw result.reason;
  }
}

function flushInPool(fd: number, onFlushed: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => {
      if (error) return reject(error);
      onFlushed();
      resolve();
    });
  });
}
