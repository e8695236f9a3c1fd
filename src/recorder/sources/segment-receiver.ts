import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timestamp } from '#kit/time.ts';
import type { Segment } from './source.ts';

/** Larger than any server takes as one chunk. */
const maxSegmentBytes = 512 * 1024 * 1024;

interface Received {
  readonly segment: Segment;
  /** Lets ffmpeg go on to the next segment but one: capture cannot run ahead of the disk without bound. */
  taken(): void;
}

/**
 * Receives ffmpeg's segments over loopback, so that what is recorded never lies on a disk unencrypted. The path holds a
 * random secret: other programs on this machine cannot slip in segments of their own.
 */
export class SegmentReceiver {
  readonly #server = createServer((request, response) => {
    const done = () => response.end();
    if (request.method !== 'POST' || !request.url?.startsWith(`/${this.#secret}/`)) {
      response.writeHead(404).end();
      request.resume();
    } else void receive(request).then((segment) => (segment ? this.#put({ segment, taken: done }) : done()));
  });
  readonly #secret = randomBytes(24).toString('base64url');
  readonly #waiting: Received[] = [];
  #wake: () => void = () => undefined;
  #over = false;

  /** The output to give to ffmpeg's segment muxer. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address() as AddressInfo; // a listening TCP server has one
    return `http://127.0.0.1:${port}/${this.#secret}/%08d.ts`;
  }

  /** No more will come: `segments` ends after what has been received. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  async *segments(): AsyncGenerator<Segment> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next) {
          yield next.segment;
          next.taken();
        } else if (this.#over) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#server.close();
      this.#server.closeAllConnections();
    }
  }

  #put(received: Received): void {
    this.#waiting.push(received);
    this.#wake();
  }
}

/** A segment cut short is kept as far as it came: it is what was seen before the cut. Undefined when nothing came. */
async function receive(request: IncomingMessage): Promise<Segment | undefined> {
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
