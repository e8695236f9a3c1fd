import { Problem } from '#kit/errors.ts';

const retryAfterSeconds = 5;

/** How many may read at once: on this relay, and with one capability. Taken before the core is asked. */
export class Seats {
  readonly #max: number;
  readonly #maxEach: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxEach: number) {
    this.#max = max;
    this.#maxEach = maxEach;
  }

  /** Returns what gives the seat back; calling it again does nothing. Throws too_many_readers. */
  take(token: string): () => void {
    const own = this.#taken.get(token) ?? 0;
    if (this.#total >= this.#max || own >= this.#maxEach) throw new Problem('too_many_readers', { retryAfterSeconds });
    this.#taken.set(token, own + 1);
    this.#total++;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#taken.get(token) ?? 1) - 1;
      if (left === 0) this.#taken.delete(token);
      else this.#taken.set(token, left);
      this.#total--;
    };
  }
}
