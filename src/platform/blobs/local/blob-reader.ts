import { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import type { BlobCheck, BlobPath, BlobRange, BlobRecord, LentBlob, OpenBlob } from '../blob-store.ts';
import { BlobPieces, type Block, type BlockSource } from './blob-pieces.ts';
import { CallThread } from './call-thread.ts';
import { diskProblem } from './disk-problem.ts';
import { ReadSlots } from './read-slots.ts';
import type { ReadCall, ReaderSetup, ReadReply, SlotToFill } from './reader-calls.ts';

/** Reads blobs through a thread that uses synchronous calls: a small blob is one call, a large one a call for each block. */
export class BlobReader {
  readonly #thread: CallThread<ReadCall, ReadReply>;
  readonly #slots = new ReadSlots();
  readonly #source: BlockSource = {
    more: (file) => this.#readBlock((id, into) => ({ id, op: 'more', file, into })),
    close: (file) => this.#thread.tell({ id: 0, op: 'close', file }),
  };

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

  /** A copy, as what a stream was given stays with whoever reads it. */
  async open(path: BlobPath, range?: BlobRange): Promise<OpenBlob> {
    const { byteSize, pieces } = await this.#begin(path, range === undefined ? {} : { range });
    const copies: AsyncIterableIterator<Buffer> = {
      async next() {
        const { done, value } = await pieces.next();
        return done === true ? { done, value } : { done: false, value: Buffer.from(value) };
      },
      return: () => pieces.return(),
      [Symbol.asyncIterator]: () => copies,
    };
    return { byteSize, stream: Readable.from(copies, { objectMode: false, highWaterMark: 1 }) };
  }

  openVerified(path: BlobPath, record: BlobRecord): Promise<LentBlob> {
    return this.#begin(path, { record });
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

  async #begin(path: BlobPath, how: { range?: BlobRange; record?: BlobRecord }): Promise<LentBlob> {
    const first = await this.#readBlock((id, into) => ({ id, op: 'open', path, ...how, into }));
    return { byteSize: first.byteSize, pieces: new BlobPieces(this.#source, first) };
  }

  async #readBlock(make: (id: number, into: SlotToFill) => ReadCall): Promise<Block> {
    const slot = await this.#slots.take();
    try {
      const reply = await this.#thread.call((id) => make(id, { slot, length: this.#slots.readBytes }));
      if (reply.kind !== 'bytes') throw unexpected(reply);
      return { ...this.#slots.lend(slot, reply.length), byteSize: reply.byteSize, file: reply.file };
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
  }
}

function unexpected(reply: ReadReply): Problem {
  return reply.kind === 'fault' ? diskProblem(reply.fault) : new Problem('evidence_corrupt');
}
