import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { BlobCheck, BlobPath, BlobRange, BlobRecord, OpenBlob } from '../blob-store.ts';
import { CallThread } from './call-thread.ts';
import { diskProblem } from './disk-problem.ts';
import { ReadSlots } from './read-slots.ts';
import type { ReadCall, ReaderSetup, ReadReply } from './reader-calls.ts';

interface Block {
  bytes: Buffer;
  byteSize: number;
  /** 0 when this was the last. */
  file: number;
}

/** Reads blobs through a thread that uses synchronous calls: a small blob is one call, a large one a call for each block. */
export class BlobReader {
  readonly #thread: CallThread<ReadCall, ReadReply>;
  readonly #slots = new ReadSlots();

  constructor(blobsDir: string, onDeath: (error: unknown) => void) {
    const setup: ReaderSetup = { blobsDir, memory: this.#slots.memory };
    this.#thread = new CallThread(threadModule(import.meta.url, 'reader.thread'), 'blob-reader', setup, onDeath);
  }

  get ready(): Promise<void> {
    return this.#thread.ready;
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  async open(path: BlobPath, how: { range?: BlobRange; record?: BlobRecord } = {}): Promise<OpenBlob> {
    const first = await this.#readBlock((id, slot) => ({ id, op: 'open', path, ...how, slot }));
    return { byteSize: first.byteSize, stream: this.#stream(first) };
  }

  async size(path: BlobPath): Promise<number | undefined> {
    const reply = await this.#thread.call((id) => ({ id, op: 'size', path }));
    if (reply.kind === 'size') return reply.byteSize;
    if (reply.kind === 'missing') return undefined;
    throw unexpected(reply);
  }

  async check(path: BlobPath, expected: BlobRecord): Promise<BlobCheck> {
    const reply = await this.#thread.call((id) => ({ id, op: 'hash', path }));
    if (reply.kind === 'missing') return 'missing';
    if (reply.kind !== 'hash') throw unexpected(reply);
    return reply.byteSize === expected.byteSize && reply.sha256Hex === expected.sha256Hex ? 'same' : 'different';
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #readBlock(make: (id: number, slot: number) => ReadCall): Promise<Block> {
    const slot = await this.#slots.take();
    try {
      const reply = await this.#thread.call((id) => make(id, slot));
      if (reply.kind !== 'bytes') throw unexpected(reply);
      return { bytes: this.#slots.copy(slot, reply.length), byteSize: reply.byteSize, file: reply.file };
    } finally {
      this.#slots.give(slot);
    }
  }

  #stream(first: Block): Readable {
    const thread = this.#thread;
    const readMore = (from: number): Promise<Block> =>
      this.#readBlock((id, slot) => ({ id, op: 'more', file: from, slot }));
    let { file } = first;
    let waiting: Block | undefined = first;

    function push(stream: Readable, { bytes, file: rest }: Block): void {
      file = rest;
      if (bytes.length > 0) stream.push(bytes);
      if (rest === 0) stream.push(null);
    }
    return new Readable({
      // One block waits here while the thread fetches the next.
      highWaterMark: 1,
      read() {
        if (waiting !== undefined) {
          const block = waiting;
          waiting = undefined;
          push(this, block);
        } else if (file !== 0) {
          readMore(file)
            .then((block) => push(this, block))
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

function unexpected(reply: ReadReply): Problem {
  return reply.kind === 'fault' ? diskProblem(reply.fault) : new Problem('evidence_corrupt');
}
