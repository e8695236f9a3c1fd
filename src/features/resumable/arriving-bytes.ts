import type { Readable } from 'node:stream';

/** Kept here before the sender is held back. Bytes. */
const maxWaitingBytes = 256 * 1024;

/** How it came to an end: all of it came; its sender went away; another request wants the upload. */
export type Ending = 'whole' | 'cut' | 'stopped';

/**
 * The body of a request, a piece at a time, with back-pressure. Neither an iteration nor a web stream: those would end the connection
 * when the reading stops early, and the second costs twice the CPU. A body that is cut short ends like any other: what came of it counts.
 */
export class ArrivingBytes {
  readonly #body: Readable;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ending: Ending | undefined;
  #wake: (() => void) | undefined;
  /** Since when the sender is waited for. */
  #idleSince: number | undefined;
  readonly #onData = (bytes: Buffer) => {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= maxWaitingBytes) this.#body.pause();
    this.#wake?.();
  };
  readonly #onEnd = () => this.#end('whole');
  readonly #onCut = () => this.#end('cut');

  constructor(body: Readable) {
    this.#body = body;
    body.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onCut).on('close', this.#onCut);
    if (body.readableEnded) this.#onEnd();
    else if (body.destroyed) this.#onCut();
  }

  get ending(): Ending | undefined {
    return this.#waitingBytes > 0 ? undefined : this.#ending;
  }

  /** At most so many bytes; undefined at the end. */
  async next(maxBytes: number): Promise<Buffer | undefined> {
    if (!(await this.more())) return undefined;
    const first = this.#waiting.shift() ?? Buffer.alloc(0);
    const piece = first.subarray(0, maxBytes);
    if (first.length > maxBytes) this.#waiting.unshift(first.subarray(maxBytes));
    this.#waitingBytes -= piece.length;
    if (this.#waitingBytes < maxWaitingBytes && this.#ending === undefined && this.#body.isPaused())
      this.#body.resume();
    return piece;
  }

  /** Whether there is another byte; waits for it or for the end. */
  async more(): Promise<boolean> {
    while (this.#waitingBytes === 0 && this.#ending === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#idleSince = performance.now();
      await promise;
      this.#idleSince = undefined;
    }
    return this.#waitingBytes > 0;
  }

  /** Milliseconds that the sender has been waited for; 0 while this side is at work. */
  get idleMs(): number {
    return this.#idleSince === undefined ? 0 : performance.now() - this.#idleSince;
  }

  stop(): void {
    this.#end('stopped');
  }

  /** The rest of the body is left to the server. */
  close(): void {
    this.#end('stopped');
    this.#body.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onCut).off('close', this.#onCut);
    this.#body.pause();
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wake?.();
  }
}
