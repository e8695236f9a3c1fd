import type { Pieces } from '../blob-store.ts';

/** What the reader thread read into one slot. */
export interface Block {
  bytes: Buffer;
  /** Of the whole blob. */
  byteSize: number;
  /** Open in the thread; 0 when this was the last block, and the whole was judged. */
  file: number;
  giveBack(): void;
}

export interface BlockSource {
  more(file: number): Promise<Block>;
  close(file: number): void;
}

const end = { done: true, value: undefined } as const;

/** One reading of a file. A block stays in its slot until the next is asked for, and the thread reads that one meanwhile. */
export class BlobPieces implements Pieces {
  readonly #source: BlockSource;
  #held: Block | undefined;
  /** Undefined after the last block. */
  #coming: Promise<Block> | undefined;
  /** Open in the thread; 0 when it is not. */
  #file: number;

  constructor(source: BlockSource, first: Block) {
    this.#source = source;
    this.#file = first.file;
    if (first.bytes.length === 0) first.giveBack();
    else this.#coming = Promise.resolve(first);
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    this.#giveBack();
    const coming = this.#coming;
    if (coming === undefined) return end;
    this.#coming = undefined;
    try {
      this.#held = await coming;
    } catch (error) {
      await this.return();
      throw error;
    }
    this.#file = this.#held.file;
    if (this.#file !== 0) {
      this.#coming = this.#source.more(this.#file);
      // Looked at in its turn, which may never come.
      this.#coming.catch(() => undefined);
    }
    return { done: false, value: this.#held.bytes };
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#giveBack();
    // A failure concerns nobody any more.
    this.#coming?.then(
      ({ giveBack }) => giveBack(),
      () => undefined,
    );
    this.#coming = undefined;
    if (this.#file !== 0) this.#source.close(this.#file);
    this.#file = 0;
    return end;
  }

  [Symbol.asyncIterator](): Pieces {
    return this;
  }

  #giveBack(): void {
    this.#held?.giveBack();
    this.#held = undefined;
  }
}
