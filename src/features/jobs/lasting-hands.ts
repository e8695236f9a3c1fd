/**
 * How many lasting jobs a process may run: all of its hands but one, and one at least. What a claim will bring is not known before, so
 * whoever may bring one of them home takes its place first.
 */
export class LastingHands {
  #free: number;

  constructor(concurrency: number) {
    this.#free = Math.max(1, concurrency - 1);
  }

  /** False when there is none: then the claim must leave lasting jobs alone. */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  give(): void {
    this.#free += 1;
  }
}
