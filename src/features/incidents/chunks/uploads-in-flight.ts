import { Problem } from '#kit/errors.ts';

export interface Reservation {
  release(): void;
}

/** Chunk identities and idempotency keys that a request of this process is committing right now. Held for milliseconds. */
export class UploadsInFlight {
  readonly #names = new Set<string>();

  /** Throws upload_in_progress while another request holds the identity or the key. */
  reserve(...wanted: readonly (string | undefined)[]): Reservation {
    const names = wanted.filter((name) => name !== undefined);
    if (names.some((name) => this.#names.has(name))) throw new Problem('upload_in_progress', { retryAfterSeconds: 1 });
    for (const name of names) this.#names.add(name);
    return {
      release: () => {
        for (const name of names) this.#names.delete(name);
      },
    };
  }

  get size(): number {
    return this.#names.size;
  }
}
