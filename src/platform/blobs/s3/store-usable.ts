import { Problem } from '#kit/errors.ts';

/** How often a store that failed is asked again. Milliseconds. */
const askEveryMs = 1_000;

/**
 * Refuses at once while the store does not answer: otherwise each upload would wait for those before it, and its answer would
 * come when nobody waits for it any more.
 */
export class StoreUsable {
  readonly #ask: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
  }

  get usable(): boolean {
    return this.#timer === undefined;
  }

  assert(): void {
    if (!this.usable) throw new Problem('storage_unavailable', { retryAfterSeconds: 5 });
  }

  /** A commit used up its time. */
  failed(): void {
    this.#timer ??= this.#askLater();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #askLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), askEveryMs).unref();
  }

  async #look(): Promise<void> {
    this.#timer = (await this.#ask()) ? undefined : this.#askLater();
  }
}
