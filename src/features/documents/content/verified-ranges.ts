import { createHash } from 'node:crypto';
import type { StoredBytes } from '#http/send-blob.ts';
import { Problem } from '#kit/errors.ts';
import type { BlobPath, BlobRange, BlobStore } from '#platform/blobs/blob-store.ts';

/** What each reader of a range holds, also one who stands still. */
const blockBytes = 128 * 1024;
const digestBytes = 32;
/** Digests of so many bytes are remembered: those of 64 GiB of documents. */
const maxDigestBytes = 16 * 1024 * 1024;

/** Pieces are lent, as those of a blob store are. */
export type VerifiedPieces = AsyncIterable<Buffer> &
  Required<Pick<AsyncIterator<Buffer, undefined>, 'next' | 'return'>>;

/**
 * Parts of blobs, of which every byte was hashed before it is given away. A record's SHA-256 is over the whole, so the whole is read and
 * judged once; its blocks' own digests are remembered from that, and from then on a range costs the blocks that it touches. Blobs never
 * change, and what the disk changes is found: a block is judged each time.
 */
export class VerifiedRanges {
  readonly #blobs: BlobStore;
  /** The last used last. */
  readonly #known = new Map<BlobPath, { digests: Promise<Uint8Array>; length: number }>();
  #knownBytes = 0;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /**
   * The first block is judged before this resolves. Throws evidence_corrupt, then or in place of a later block; storage_unavailable.
   * Read to the end, or call `return`.
   */
  async open(blob: StoredBytes, range: BlobRange): Promise<VerifiedPieces> {
    if (range.start === 0 && range.end === blob.byte_size - 1) {
      const record = { byteSize: blob.byte_size, sha256Hex: blob.sha256_hex };
      return (await this.#blobs.openVerified(blob.stored_path, record)).pieces;
    }
    const blocks = this.#blocks(blob, range, await this.#digestsOf(blob));
    const first = await blocks.next();
    return resumed(first, blocks);
  }

  async *#blocks(blob: StoredBytes, { start, end }: BlobRange, digests: Uint8Array): AsyncGenerator<Buffer, undefined> {
    const firstBlock = Math.floor(start / blockBytes);
    const from = firstBlock * blockBytes;
    const to = Math.min(blob.byte_size, (Math.floor(end / blockBytes) + 1) * blockBytes) - 1;
    const { stream } = await this.#blobs.open(blob.stored_path, { start: from, end: to });
    let number = firstBlock;
    // A blob store's stream gives buffers.
    for await (const block of inBlocks(stream as AsyncIterable<Buffer>)) {
      const expected = digests.subarray(number * digestBytes, (number + 1) * digestBytes);
      if (!createHash('sha256').update(block).digest().equals(expected)) throw new Problem('evidence_corrupt');
      const at = number * blockBytes;
      yield block.subarray(Math.max(0, start - at), Math.min(block.length, end + 1 - at));
      number += 1;
    }
  }

  /** Requests for the same blob share one reading. */
  #digestsOf(blob: StoredBytes): Promise<Uint8Array> {
    const path = blob.stored_path;
    const digests = this.#known.get(path)?.digests ?? this.#readWhole(blob);
    this.#forget(path);
    const length = Math.ceil(blob.byte_size / blockBytes) * digestBytes;
    for (const oldest of this.#known.keys()) {
      if (this.#knownBytes + length <= maxDigestBytes) break;
      this.#forget(oldest);
    }
    this.#known.set(path, { digests, length });
    this.#knownBytes += length;
    // Whoever waits for it hears of it; the next one tries again.
    digests.catch(() => this.#forget(path));
    return digests;
  }

  #forget(path: BlobPath): void {
    this.#knownBytes -= this.#known.get(path)?.length ?? 0;
    this.#known.delete(path);
  }

  async #readWhole(blob: StoredBytes): Promise<Uint8Array> {
    const digests = new Uint8Array(Math.ceil(blob.byte_size / blockBytes) * digestBytes);
    const record = { byteSize: blob.byte_size, sha256Hex: blob.sha256_hex };
    const { pieces } = await this.#blobs.openVerified(blob.stored_path, record);
    let number = 0;
    for await (const block of inBlocks(pieces)) {
      digests.set(createHash('sha256').update(block).digest(), number * digestBytes);
      number += 1;
    }
    return digests;
  }
}

/** The same bytes in blocks of one size, the last as long as it is. A block is the reader's until the next is asked for. */
async function* inBlocks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const block = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let taken = 0; taken < piece.length; ) {
      const copied = piece.copy(block, filled, taken);
      taken += copied;
      filled += copied;
      if (filled < blockBytes) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

async function* resumed(
  first: IteratorResult<Buffer, undefined>,
  rest: AsyncGenerator<Buffer, undefined>,
): AsyncGenerator<Buffer, undefined> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
