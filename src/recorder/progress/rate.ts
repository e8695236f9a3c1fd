/** Bytes per second over the last seconds, so that the number follows the network and does not jump. */
export class Rate {
  readonly #now: () => number;
  readonly #windowMs: number;
  readonly #samples: { at: number; bytes: number }[] = [];
  readonly #startedAt: number;

  constructor(now: () => number = Date.now, windowMs = 10_000) {
    this.#now = now;
    this.#windowMs = windowMs;
    this.#startedAt = now();
  }

  add(bytes: number): void {
    this.#samples.push({ at: this.#now(), bytes });
  }

  get bytesPerSecond(): number {
    const now = this.#now();
    while (this.#samples[0] && now - this.#samples[0].at > this.#windowMs) this.#samples.shift();
    const span = Math.min(this.#windowMs, now - this.#startedAt);
    return span <= 0 ? 0 : (this.#samples.reduce((sum, { bytes }) => sum + bytes, 0) * 1000) / span;
  }
}
