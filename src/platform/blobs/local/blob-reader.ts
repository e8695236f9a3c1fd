import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { BlobCheck, BlobPath, BlobRange, OpenBlob } from '../blob-store.ts';
import { CallThread } from './call-thread.ts';
import { diskProblem } from './disk-problem.ts';
import type { ReadCall, ReaderSetup, ReadReply } from './reader-calls.ts';

type BytesReply = Extract<ReadReply, { kind: 'bytes' }>;

/** Reads blobs through a thread that uses synchronous calls: a small blob is one call, a large one a call for each block. */
export class BlobReader {
  readonly #thread: CallThread<ReadCall, ReadReply>;

  constructor(setup: ReaderSetup, onDeath: (error: unknown) => void) {
    this.#thread = new CallThread(threadModule(import.meta.url, 'reader.thread'), 'blob-reader', setup, onDeath);
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  async open(path: BlobPath, range: BlobRange | undefined): Promise<OpenBlob> {
    const [start, end] = range === undefined ? [0, -1] : [range.start, range.end];
    const first = expectBytes(await this.#thread.call((id) => ({ id, op: 'open', path, start, end })));
    return { byteSize: first.byteSize, stream: this.#stream(first) };
  }

  async size(path: BlobPath): Promise<number | undefined> {
    const reply = await this.#thread.call((id) => ({ id, op: 'size', path }));
    if (reply.kind === 'size') return reply.byteSize;
    if (reply.kind === 'missing') return undefined;
    throw unexpected(reply);
  }

  async check(path: BlobPath, expected: { byteSize: number; sha256Hex: string }): Promise<BlobCheck> {
    const reply = await this.#thread.call((id) => ({ id, op: 'hash', path }));
    if (reply.kind === 'missing') return 'missing';
    if (reply.kind !== 'hash') throw unexpected(reply);
    return reply.byteSize === expected.byteSize && reply.sha256Hex === expected.sha256Hex ? 'same' : 'different';
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #stream(first: BytesReply): Readable {
    const thread = this.#thread;
    let { file } = first;
    let waiting: BytesReply | undefined = first;

    function push(stream: Readable, { bytes, file: rest }: BytesReply): void {
      file = rest;
      if (bytes.length > 0) stream.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      if (rest === 0) stream.push(null);
    }
    return new Readable({
      // The block that waits here is the read-ahead: the thread fetches the next one while this one is consumed.
      highWaterMark: 1,
      read() {
        if (waiting !== undefined) {
          const block = waiting;
          waiting = undefined;
          push(this, block);
        } else if (file !== 0) {
          const asked = file;
          thread
            .call((id) => ({ id, op: 'more', file: asked }))
            .then((reply) => push(this, expectBytes(reply)))
            .catch((error) => this.destroy(error));
        }
      },
      destroy(error, done) {
        if (file !== 0) thread.tell({ id: 0, op: 'close', file });
        file = 0;
        done(error);
      },
    });
  }
}

function expectBytes(reply: ReadReply): BytesReply {
  if (reply.kind === 'bytes') return reply;
  throw unexpected(reply);
}

function unexpected(reply: ReadReply): Problem {
  return reply.kind === 'fault' ? diskProblem(reply.fault) : new Problem('evidence_corrupt');
}
