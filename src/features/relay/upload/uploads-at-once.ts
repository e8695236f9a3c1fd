import { Problem } from '#kit/errors.ts';

/** How many bodies this process takes at once, of all clients and of each. */
export class UploadsAtOnce {
  readonly #max: number;
  readonly #maxPerClient: number;
  readonly #clients = new Map<string, number>();
  #all = 0;

  constructor({ max, maxPerClient }: { max: number; maxPerClient: number }) {
    this.#max = max;
    this.#maxPerClient = maxPerClient;
  }

  get size(): number {
    return this.#all;
  }

  /** What it returns ends the place, once. Throws staging_full, rate_limited. */
  enter(client: string): () => void {
    if (this.#all >= this.#max) throw new Problem('staging_full', { retryAfterSeconds: 2 });
    const mine = this.#clients.get(client) ?? 0;
    if (mine >= this.#maxPerClient) throw new Problem('rate_limited', { retryAfterSeconds: 1 });
    this.#all += 1;
    this.#clients.set(client, mine + 1);
    return () => {
      this.#all -= 1;
      const left = (this.#clients.get(client) ?? 1) - 1;
      if (left === 0) this.#clients.delete(client);
      else this.#clients.set(client, left);
    };
  }
}
