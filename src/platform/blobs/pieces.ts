import type { Readable } from 'node:stream';
import type { Pieces } from './blob-store.ts';

/** A stream of bytes as pieces, for a store that has streams. */
export function piecesOf(stream: Readable): Pieces {
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let ended = false;
  const pieces: Pieces = {
    async next() {
      if (ended) return { done: true, value: undefined };
      const { done, value } = await iterator.next();
      return done === true ? { done, value: undefined } : { done: false, value };
    },
    async return() {
      ended = true;
      // The iterator of a stream that was never read would leave it open.
      stream.destroy();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return pieces;
}
