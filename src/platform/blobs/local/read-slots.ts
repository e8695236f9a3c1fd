import { passedThrough } from '#platform/process/bulk-memory.ts';

/** Read at a time: large enough to pay for the hop between threads, small enough for many readers at once. Bytes. */
export const slotBytes = 256 * 1024;
const slotCount = 32;
/** The rest always comes back at once, whatever readers do with what they hold. */
const maxLent = slotCount - 4;

export interface FilledSlot {
  bytes: Buffer;
  giveBack(): void;
}

/**
 * Memory that the reader thread fills. A block is lent where it lies, without a copy, until its reader gives it back. Readers that
 * take their time may come to hold all that is lent; then blocks are copied out, so that nobody waits for them.
 */
export class ReadSlots {
  readonly memory = new SharedArrayBuffer(slotBytes * slotCount);
  readonly #bytes = Buffer.from(this.memory);
  readonly #free = Array.from({ length: slotCount }, (_, slot) => slotCount - 1 - slot);
  readonly #waiting: ((slot: number) => void)[] = [];
  #lent = 0;

  take(): Promise<number> | number {
    return this.#free.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(slot: number): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  /** Of a slot that the thread has filled. The slot is given when the block is given back, or now when it had to be copied. */
  lend(slot: number, length: number): FilledSlot {
    const start = slot * slotBytes;
    if (this.#lent < maxLent) {
      this.#lent += 1;
      const giveBack = () => {
        this.#lent -= 1;
        this.give(slot);
      };
      return { bytes: this.#bytes.subarray(start, start + length), giveBack };
    }
    passedThrough(length);
    const copy = Buffer.allocUnsafeSlow(length);
    this.#bytes.copy(copy, 0, start, start + length);
    this.give(slot);
    return { bytes: copy, giveBack: () => undefined };
  }
}
