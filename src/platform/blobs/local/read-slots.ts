import { passedThrough } from '#platform/process/bulk-memory.ts';

/** Read at a time: large enough to pay for the hop between threads. Bytes. */
export const slotBytes = 512 * 1024;
/** For eight readers with all that they hold and have ahead. */
const slotCount = 36;
/** The rest always comes back at once, whatever readers do with what they hold. */
const maxLent = slotCount - 4;
/** Read at a time when all that may be lent is lent. Bytes. */
const copiedBytes = 128 * 1024;

export interface FilledSlot {
  bytes: Buffer;
  giveBack(): void;
}

/**
 * Memory that the reader thread fills. A block is lent where it lies, without a copy, until its reader gives it back. Readers that
 * take their time may come to hold all that is lent; then blocks are copied out, smaller ones, so that nobody waits for them.
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

  /** How much should be read into the slot that was taken. Bytes. */
  get readBytes(): number {
    return this.#lent < maxLent ? slotBytes : copiedBytes;
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
