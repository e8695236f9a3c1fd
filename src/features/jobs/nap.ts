/** A pause that can be cut short. A call that comes while nobody sleeps cuts the next pause. */
export class Nap {
  #called = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#called = true;
    this.#wake?.();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#called = false;
  }
}
