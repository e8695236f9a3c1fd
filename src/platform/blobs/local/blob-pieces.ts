import { Problem } from '#kit/errors.ts';
import type { Pieces } from '../blob-store.ts';

/** What the reader thread read into one slot. */
export interface Block {
  bytes: Buffer;
  /** Of the whole blob. */
  byteSize: number;
  /** Open in the thread; 0 when this was the last block. */
  file: number;
  giveBack(): void;
}

export interface BlockSource {
  /** The next block, and only one: calls are answered in their order. */
  more(file: number): Promise<Block>;
  close(file: number): void;
  /** Of one block, unless it is the last. Bytes. */
  blockBytes: number;
}

/** The thread has the next block when it is done with one, so that it never waits for a reader who keeps up. */
const blocksAhead = 2;

const end = { done: true, value: undefined } as const;

/** One reading of a file, block by block. A block stays in its slot until the next is asked for. */
export class BlobPieces implements Pieces {
  readonly #source: BlockSource;
  readonly #file: number;
  readonly #ahead: Promise<Block>[] = [];
  /** Not asked for yet. Bytes. */
  #left: number;
  #held: Block | undefined;

  /** `byteSize` is what will be read: of the blob, or of the range. */
  constructor(source: BlockSource, first: Block, byteSize: number) {
    this.#source = source;
    this.#file = first.file;
    this.#left = byteSize - first.bytes.length;
    if (byteSize === 0) first.giveBack();
    else this.#ahead.push(Promise.resolve(first));
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    this.#giveBack();
    const coming = this.#ahead.shift();
    if (coming === undefined) return end;
    try {
      this.#held = await coming;
      const isLast = this.#left === 0 && this.#ahead.length === 0;
      // Only with the last block does the thread judge the whole.
      if (isLast !== (this.#held.file === 0)) throw new Problem('evidence_corrupt');
    } catch (error) {
      await this.return();
      throw error;
    }
    while (this.#left > 0 && this.#ahead.length < blocksAhead) this.#ask();
    return { done: false, value: this.#held.bytes };
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#giveBack();
    for (const block of this.#ahead.splice(0)) {
      // A failure concerns nobody any more.
      block.then(
        ({ giveBack }) => giveBack(),
        () => undefined,
      );
    }
    if (this.#left > 0) this.#source.close(this.#file);
    this.#left = 0;
    return end;
  }

  [Symbol.asyncIterator](): Pieces {
    return this;
  }

  #ask(): void {
    const block = this.#source.more(this.#file);
    // Looked at in its turn, which may never come.
    block.catch(() => undefined);
    this.#ahead.push(block);
    this.#left -= Math.min(this.#left, this.#source.blockBytes);
  }

  #giveBack(): void {
    this.#held?.giveBack();
    this.#held = undefined;
  }
}
