import type { ServerResponse } from 'node:http';
import { type EndReason, endFrame } from './event-frames.ts';

/** How long a reader may be behind with what the system no longer takes, and how long the last word may take to leave. */
const maxBehindMs = 5_000;
const maxFarewellMs = 2_000;

/** One who reads along, on a response whose head was sent. Frames are shared between readers and never copied here. */
export class LiveReader {
  readonly #outgoing: ServerResponse;
  readonly #bufferBytes: number;
  #behindSinceMs: number | undefined;
  #over = false;

  /** `gone` is called once, whoever ended it. */
  constructor(outgoing: ServerResponse, bufferBytes: number, gone: () => void) {
    this.#outgoing = outgoing;
    this.#bufferBytes = bufferBytes;
    outgoing.on('drain', () => {
      this.#behindSinceMs = undefined;
    });
    outgoing.once('close', () => {
      this.#over = true;
      gone();
    });
    // Its close follows, and says all there is to say.
    outgoing.on('error', () => undefined);
  }

  send(frame: Buffer, nowMs: number): void {
    if (this.#over) return;
    if (!this.#outgoing.write(frame)) this.#behindSinceMs ??= nowMs;
    if (this.#outgoing.writableLength > this.#bufferBytes) this.end('slow');
  }

  /** Lets go who has been behind for too long. */
  watch(nowMs: number): void {
    if (this.#behindSinceMs !== undefined && nowMs - this.#behindSinceMs > maxBehindMs) this.end('slow');
  }

  end(reason: EndReason): void {
    if (this.#over) return;
    this.#over = true;
    const outgoing = this.#outgoing;
    const cut = setTimeout(() => outgoing.destroy(), maxFarewellMs);
    outgoing.once('close', () => clearTimeout(cut));
    outgoing.end(endFrame(reason));
  }
}
