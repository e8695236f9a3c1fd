import { timestamp } from '#kit/time.ts';
import type { Timing } from './variant-source.ts';

export interface SourceClockOptions {
  readonly timing: Timing;
  readonly segmentMs: number;
  /** As in VariantOptions. */
  readonly notBeforeMs: number;
}

/**
 * The timeline of one run of a source that is cut into equal segments: one range for each, whichever variant asks. A segment ends
 * where the next begins; the last one where the source ended, which is known only when it has.
 */
export class SourceClock {
  readonly #options: SourceClockOptions;
  /** In ms since the epoch, by number from 0. */
  readonly #starts: number[] = [];
  #endMs: number | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(options: SourceClockOptions) {
    this.#options = options;
  }

  /** The first bytes of a segment have come, in any variant. */
  begun(number: number, atMs: number): void {
    const { timing, segmentMs, notBeforeMs } = this.#options;
    for (let next = this.#starts.length; next <= number; next++) {
      const before = this.#starts.at(-1);
      const due =
        before !== undefined
          ? before + segmentMs
          : timing.kind === 'past'
            ? Date.parse(timing.startedAt)
            : Math.max(atMs, notBeforeMs);
      // A machine that slept has seen nothing meanwhile: the timeline goes on where time is, with a gap.
      const slept = timing.kind === 'now' && next === number && atMs > due + Math.max(segmentMs, 5000);
      this.#starts.push(slept ? atMs : due);
    }
    this.#wake();
  }

  /** Nothing more comes; `atMs` is when the source was told to stop, or stopped. */
  ended(atMs: number): void {
    const { timing } = this.#options;
    this.#endMs = timing.kind === 'past' ? Date.parse(timing.startedAt) + timing.lengthMs : atMs;
    this.#wake();
  }

  /** Settles once it is known where the segment ends. Its first bytes must have come. */
  async rangeOf(number: number): Promise<{ startedAt: string; endedAt: string }> {
    while (this.#starts.length <= number + 1 && this.#endMs === undefined) await this.#changed.promise;
    const start = this.#starts[number];
    if (start === undefined) throw new TypeError(`segment ${number} has not begun`);
    const full = start + this.#options.segmentMs;
    const isLast = this.#starts.length <= number + 1;
    // What covers no time would be evidence of none.
    const end = isLast && this.#endMs !== undefined ? Math.max(start + 1, Math.min(full, this.#endMs)) : full;
    return { startedAt: timestamp(start), endedAt: timestamp(end) };
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
