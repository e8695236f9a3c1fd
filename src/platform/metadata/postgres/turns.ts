import { Problem } from '#kit/errors.ts';

/** At most so many at once, first come first served: writers that wait for one row's lock must not take the readers' connections. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Throws metadata_unavailable when none comes in time. Who got one gives it back with `done`. */
  async take(withinMs: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const mine = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        reject(new Problem('metadata_unavailable', { retryAfterSeconds: 1 }));
      }, withinMs);
      this.#waiting.push(mine);
    });
  }

  done(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
