import type { VariantName } from '../../capture/variants.ts';
import { isLate, nextToDeliver, type WaitingChunk } from './next-to-deliver.ts';

/** A chunk that was taken to be sent. */
export interface TakenChunk extends WaitingChunk {
  /** Aborted when a master has to give way; it is put back then. */
  readonly giveWay: AbortSignal;
}

/** What waits to be sent, by what is wanted first. Several take from it at once. */
export class CaptureQueue {
  readonly #lateMs: number;
  readonly #lanes: number;
  readonly #now: () => number;
  /** By variant, in the order of time. */
  readonly #waiting = new Map<VariantName, WaitingChunk[]>();
  readonly #masters = new Map<number, AbortController>();
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** `lateMs`: how long what is near-live may wait. `lanes`: how many take from it at once. */
  constructor(options: { lateMs: number; lanes: number; now?: () => number }) {
    this.#lateMs = options.lateMs;
    this.#lanes = options.lanes;
    this.#now = options.now ?? Date.now;
  }

  put(chunk: Omit<WaitingChunk, 'sinceMs'>): void {
    this.#add({ ...chunk, sinceMs: this.#now() });
    // Masters that are under way share the bandwidth that is short; sent again later, they cost nothing that counts now.
    if (isLate(this.#waiting, this.#situation())) for (const master of this.#masters.values()) master.abort();
    this.#wake();
  }

  /** No more will come: what is left is taken, then undefined. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async take(signal: AbortSignal): Promise<TakenChunk | undefined> {
    while (!signal.aborted) {
      const next = nextToDeliver(this.#waiting, this.#situation());
      if (next) {
        this.#remove(next);
        const control = new AbortController();
        if (next.variant === 'evidence_master') this.#masters.set(next.index, control);
        return { ...next, giveWay: control.signal };
      }
      // A master that is under way may yet be put back.
      if (this.#ended && this.#isEmpty && this.#masters.size === 0) return undefined;
      await this.#change(signal);
    }
    return undefined;
  }

  /** A chunk that was taken is settled, or has given way and waits again. */
  done({ giveWay: _, ...chunk }: TakenChunk, waitsAgain: boolean): void {
    if (chunk.variant === 'evidence_master') this.#masters.delete(chunk.index);
    if (waitsAgain) this.#add(chunk);
    this.#wake();
  }

  get #isEmpty(): boolean {
    return [...this.#waiting.values()].every((line) => line.length === 0);
  }

  #add(chunk: WaitingChunk): void {
    const line = this.#waiting.get(chunk.variant) ?? [];
    this.#waiting.set(chunk.variant, line);
    // Mostly at the end: only what was put back belongs further to the front.
    const after = line.findLastIndex(({ sequence }) => sequence < chunk.sequence);
    line.splice(after + 1, 0, chunk);
  }

  /** It is the first or the last of its line. */
  #remove(chunk: WaitingChunk): void {
    const line = this.#waiting.get(chunk.variant) ?? [];
    if (line[0] === chunk) line.shift();
    else line.pop();
  }

  /** While it is recorded one master at a time is sent, so that a lane is free for what comes next. */
  #situation() {
    const lanes = this.#ended ? this.#lanes : 1;
    return { nowMs: this.#now(), lateMs: this.#lateMs, freeForMasters: lanes - this.#masters.size };
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal.removeEventListener('abort', go);
        resolve();
      };
      signal.addEventListener('abort', go, { once: true });
      void this.#changed.promise.then(go);
    });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
