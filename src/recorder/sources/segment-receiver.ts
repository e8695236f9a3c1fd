import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timestamp } from '#kit/time.ts';
import { RecorderError } from '../recorder-error.ts';
import type { Segment } from './source.ts';

/** Numbers count from 0. */
export interface ReceivedSegment extends Omit<Segment, 'cursor'> {
  readonly number: number;
}

/** Larger than any server takes as one chunk. */
const maxSegmentBytes = 512 * 1024 * 1024;

/** So many segments may wait for the disk before ffmpeg is held. */
const maxWaiting = 8;

/**
 * Receives ffmpeg's segments over loopback, so that what is recorded never lies on a disk unencrypted. The path holds a
 * random secret: other programs on this machine cannot slip in segments of their own.
 *
 * ffmpeg does not wait for an answer: it may be gone while its last segments are still on their way, and a later one may be
 * read before an earlier. So segments are handed out by their number, and the end is only believed once all came.
 */
export class SegmentReceiver {
  readonly #server = createServer((request, response) => {
    const number = this.#numberOf(request);
    if (number === undefined) {
      response.writeHead(404).end();
      request.resume();
      return;
    }
    this.#began(number);
    void receive(request).then((segment) => {
      response.end();
      this.#received.set(number, segment && { ...segment, number });
      if (this.#received.size >= maxWaiting) this.#hold(true);
      this.#wake();
    });
  });
  readonly #secret = randomBytes(24).toString('base64url');
  /** By number; undefined for one that came empty. */
  readonly #received = new Map<number, ReceivedSegment | undefined>();
  readonly #hold: (held: boolean) => void;
  readonly #began: (number: number) => void;
  #next = 0;
  #announced: number | undefined;
  #orderly = false;
  #deadline = Number.POSITIVE_INFINITY;
  #wake: () => void = () => undefined;

  /** `hold` halts ffmpeg when segments come faster than they are taken, and lets it go on. `began` hears of each at its first bytes. */
  constructor(hold: (held: boolean) => void, began: (number: number) => void = () => undefined) {
    this.#hold = hold;
    this.#began = began;
  }

  /** The output to give to ffmpeg's segment muxer. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address() as AddressInfo; // a listening TCP server has one
    return `http://127.0.0.1:${port}/${this.#secret}/%08d.ts`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * ffmpeg is gone and has finished `count` segments; those on their way have ten seconds to arrive. After an orderly end
   * there are no others; after a crash the one that was being written gets a moment, too.
   */
  end(count: number, orderly: boolean): void {
    this.#announced = count;
    this.#orderly = orderly;
    this.#deadline = Date.now() + (orderly || this.#next < count ? 10_000 : 500);
    this.#wake();
  }

  /** Throws RecorderError `ffmpeg_failed` when a finished segment never arrives. */
  async *segments(): AsyncGenerator<ReceivedSegment> {
    try {
      for (;;) {
        if (this.#received.has(this.#next)) {
          const segment = this.#received.get(this.#next);
          if (segment) yield segment;
          this.#received.delete(this.#next);
          this.#next += 1;
          if (this.#received.size < maxWaiting / 2) this.#hold(false);
        } else if (this.#announced !== undefined && this.#next >= this.#announced && this.#orderly) {
          return;
        } else if (Date.now() >= this.#deadline) {
          if (this.#next >= (this.#announced ?? 0)) return;
          throw new RecorderError(
            'ffmpeg_failed',
            `Segment ${this.#next + 1} was lost between ffmpeg and the recorder.`,
          );
        } else {
          await this.#change();
        }
      }
    } finally {
      this.close();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#announced === undefined ? 60_000 : 20);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #numberOf(request: IncomingMessage): number | undefined {
    const match = /^\/([^/]+)\/(\d+)\.ts$/.exec(request.url ?? '');
    return request.method === 'POST' && match?.[1] === this.#secret ? Number(match[2]) : undefined;
  }
}

/** A segment cut short is kept as far as it came: it is what was seen before the cut. Undefined when nothing came. */
async function receive(request: IncomingMessage): Promise<Omit<Segment, 'cursor'> | undefined> {
  const startedAt = timestamp(Date.now());
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of request) {
      parts.push(part);
      length += part.length;
      if (length > maxSegmentBytes) break;
    }
  } catch {
    // The connection broke, because ffmpeg did; why it did is told by its exit.
  }
  return length === 0
    ? undefined
    : { bytes: new Uint8Array(Buffer.concat(parts)), startedAt, endedAt: timestamp(Date.now()) };
}
