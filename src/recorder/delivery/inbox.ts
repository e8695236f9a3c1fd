/** Hands items from one producer to several takers, in order. */
export class Inbox<T> {
  readonly #items: T[] = [];
  #takers: (() => void)[] = [];
  #ended = false;

  put(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** No more will come: takers get what is left, then undefined. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async take(signal: AbortSignal): Promise<T | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      const item = this.#items.shift();
      if (item !== undefined || this.#ended) return item;
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#takers.push(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  #wake(): void {
    const takers = this.#takers;
    this.#takers = [];
    for (const wake of takers) wake();
  }
}
