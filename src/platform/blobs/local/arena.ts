/**
 * The memory in which small bodies wait for their commit. One page-aligned block shared with the writer thread, so that a body
 * is written, past the page cache where the disk allows it, from where it was received. Slots are made once and reused.
 */
declare const WebAssembly: {
  // Not in the type libraries we load. A plain SharedArrayBuffer is not page-aligned; this one always is.
  Memory: new (options: {
    initial: number;
    maximum: number;
    shared: true;
  }) => { buffer: SharedArrayBuffer };
};

export const pageBytes = 4096;
const wasmPageBytes = 65_536;
const kib = 1024;

/**
 * 72 KiB takes a 64 KiB part of a recording with the envelope around it; the larger classes have room for one too. All are whole
 * pages. Memory that no body ever touched costs nothing.
 */
const classes = [
  { slotBytes: 72 * kib, slots: 128 },
  { slotBytes: (1024 + 32) * kib, slots: 8 },
  { slotBytes: (4096 + 32) * kib, slots: 8 },
];

/** A body no larger than this fits the smallest class. */
export const smallSlotBytes = 72 * kib;

export interface Slot {
  /** In the shared block. Bytes. */
  readonly offset: number;
  readonly bytes: Buffer;
}

interface SlotClass {
  slotBytes: number;
  free: Slot[];
  waiting: Set<() => void>;
}

export class Arena {
  readonly memory: SharedArrayBuffer;
  readonly #classes: SlotClass[] = [];

  constructor() {
    const total = classes.reduce((sum, { slotBytes, slots }) => sum + slotBytes * slots, 0);
    const pages = Math.ceil(total / wasmPageBytes);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
    let offset = 0;
    for (const { slotBytes, slots } of classes) {
      const free: Slot[] = [];
      for (let i = 0; i < slots; i++, offset += slotBytes)
        free.push({ offset, bytes: Buffer.from(this.memory, offset, slotBytes) });
      // Taken from the end and given back there: few in flight touch few slots, and those stay in the cache.
      this.#classes.push({ slotBytes, free: free.reverse(), waiting: new Set() });
    }
  }

  /** Whether a body of that size ever fits a slot. */
  fits(bytes: number): boolean {
    return this.#classFor(bytes) !== undefined;
  }

  /** A slot of the smallest class that fits, unless none is free or others wait for one. */
  tryTake(bytes: number): Slot | undefined {
    const found = this.#classFor(bytes);
    return found === undefined || found.waiting.size > 0 ? undefined : found.free.pop();
  }

  /** Calls `onFree` once, when a slot may be free; the caller tries `takeTurn`. Returns how to stop waiting. */
  wait(bytes: number, onFree: () => void): () => void {
    const found = this.#classFor(bytes);
    if (found === undefined) return () => undefined;
    found.waiting.add(onFree);
    return () => {
      found.waiting.delete(onFree);
    };
  }

  /** For one whose turn it is: like tryTake, past those who wait. */
  takeTurn(bytes: number): Slot | undefined {
    return this.#classFor(bytes)?.free.pop();
  }

  give(slot: Slot): void {
    const found = this.#classFor(slot.bytes.length);
    if (found === undefined) return;
    found.free.push(slot);
    const [next] = found.waiting;
    if (next === undefined) return;
    found.waiting.delete(next);
    next();
  }

  #classFor(bytes: number): SlotClass | undefined {
    return this.#classes.find(({ slotBytes }) => bytes <= slotBytes);
  }
}
