import type { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import type { Arena, Slot } from './arena.ts';
import type { HeldBytes } from './held-bytes.ts';

/** A body that holds its slot longer than this while others wait is written to a file instead. Milliseconds. */
const patienceMs = 1000;
const lookEveryMs = 250;

/**
 * Waits for slots, and keeps slow senders from holding them all: who waits for the disk keeps waiting, who is kept waiting by
 * the slowest of the wire gets that one's slot.
 */
export class SlotWait {
  readonly #arena: Arena;
  /** Bodies that are arriving into a slot, the longest there first. */
  readonly #arriving = new Map<HeldBytes, number>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** A slot for so many bytes, at once or when one is free. Rejects with the stream's end when that comes first. */
  async take(body: Readable, bytes: number): Promise<Slot | undefined> {
    if (!this.#arena.fits(bytes)) return undefined;
    let slot = this.#arena.tryTake(bytes);
    while (slot === undefined) {
      await this.#turn(body, bytes);
      slot = this.#arena.takeTurn(bytes);
    }
    return slot;
  }

  arrivalBegan(held: HeldBytes): void {
    if (held.slot !== undefined) this.#arriving.set(held, performance.now());
  }

  arrivalEnded(held: HeldBytes): void {
    this.#arriving.delete(held);
  }

  #turn(body: Readable, bytes: number): Promise<void> {
    if (body.destroyed) return Promise.reject(ended(body));
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting -= 1;
        body.off('close', onEnd).off('error', onEnd);
      };
      const stop = this.#arena.wait(bytes, () => {
        leave();
        resolve();
      });
      const onEnd = (): void => {
        stop();
        leave();
        reject(ended(body));
      };
      this.#waiting += 1;
      body.on('close', onEnd).on('error', onEnd);
      this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
    });
  }

  #look(): void {
    if (this.#waiting === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const longAgo = performance.now() - patienceMs;
    for (const [held, since] of this.#arriving) {
      if (since > longAgo) break;
      this.#arriving.delete(held);
      void held.moveToFile().catch(() => undefined);
    }
  }
}

function ended(body: Readable): Error {
  return body.errored ?? new Problem('length_mismatch', { message: 'The body ended before it was complete.' });
}
