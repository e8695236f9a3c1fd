import { randomBytes } from 'node:crypto';
import { ChunkWindow, type WindowBounds, type WindowEvent } from './chunk-window.ts';
import { type EndReason, eventFrame, positionFrame, resetFrame, retryFrame, sequenceOf } from './event-frames.ts';
import type { LiveReader } from './live-reader.ts';

/** The window of one stream and who reads along. */
export class LiveStream {
  readonly window: ChunkWindow;
  readonly #readers = new Set<LiveReader>();
  /** Of this window in this process: an event id of any other is unknown here. */
  readonly #epoch = randomBytes(6).toString('base64url');
  readonly #clock: () => number;
  #sequence = 0;

  constructor(bounds: WindowBounds, clock: () => number) {
    this.#clock = clock;
    this.window = new ChunkWindow(bounds, (event) => this.#publish(event));
  }

  get readers(): number {
    return this.#readers.size;
  }

  get isIdle(): boolean {
    return this.#readers.size === 0 && this.window.isEmpty;
  }

  /** First what is there or was missed, and from then on whatever happens. */
  join(reader: LiveReader, lastEventId: string | undefined): void {
    const now = this.#clock();
    const known = lastEventId === undefined ? undefined : sequenceOf(this.#epoch, lastEventId);
    const missed = known === undefined ? undefined : this.window.since(known);
    reader.send(retryFrame, now);
    if (lastEventId !== undefined && missed === undefined) reader.send(resetFrame, now);
    for (const event of missed ?? this.window.since(undefined) ?? []) reader.send(eventFrame(this.#epoch, event), now);
    reader.send(positionFrame(this.#epoch, this.#sequence), now);
    this.#readers.add(reader);
  }

  leave(reader: LiveReader): void {
    this.#readers.delete(reader);
  }

  watch(nowMs: number, heartbeat: Buffer | undefined): void {
    this.window.expire(nowMs);
    for (const reader of this.#readers) {
      if (heartbeat !== undefined) reader.send(heartbeat, nowMs);
      reader.watch(nowMs);
    }
  }

  end(reason: EndReason): void {
    for (const reader of this.#readers) reader.end(reason);
    this.window.clear();
  }

  #publish(event: WindowEvent): void {
    this.#sequence = event.sequence;
    if (this.#readers.size === 0) return;
    const frame = eventFrame(this.#epoch, event);
    const now = this.#clock();
    for (const reader of this.#readers) reader.send(frame, now);
  }
}
