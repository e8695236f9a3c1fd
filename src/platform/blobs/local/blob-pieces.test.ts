import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlobPieces, type Block } from './blob-pieces.ts';

const blockBytes = 10;

/** A blob of so many bytes, and an account of what was lent and not given back. */
function blob(byteSize: number) {
  let at = 0;
  const account = { out: 0, closed: 0, failAt: -1 };
  const read = (): Block => {
    const length = Math.min(blockBytes, byteSize - at);
    at += length;
    account.out += 1;
    const giveBack = () => {
      account.out -= 1;
    };
    return { bytes: Buffer.alloc(length, at), byteSize, file: at === byteSize ? 0 : 7, giveBack };
  };
  const source = {
    more: async () => {
      if (at === account.failAt) throw new Error('a bad block');
      return read();
    },
    close: () => {
      account.closed += 1;
    },
  };
  return { account, pieces: new BlobPieces(source, read()) };
}

/** Blocks that were asked for and have not come are given back when they come. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('all bytes, and nothing stays lent', async () => {
  for (const size of [0, 1, 9, 10, 11, 20, 95]) {
    const { account, pieces } = blob(size);
    let received = 0;
    for await (const piece of pieces) received += piece.length;
    assert.deepEqual([received, account.out, account.closed], [size, 0, 0], `of ${size}`);
  }
});

test('given up at any place, also before the first: the file is closed and nothing stays lent', async () => {
  for (let after = 0; after <= 4; after++) {
    const { account, pieces } = blob(95);
    for (let i = 0; i < after; i++) assert.equal((await pieces.next()).done, false);
    await pieces.return();
    await pieces.return();
    assert.equal((await pieces.next()).done, true);
    await settled();
    assert.deepEqual([account.out, account.closed], [0, 1], `after ${after}`);
  }
});

test('a block that fails ends the reading in its turn', async () => {
  for (const failAt of [10, 40, 90]) {
    const { account, pieces } = blob(95);
    account.failAt = failAt;
    let received = 0;
    await assert.rejects(async () => {
      for await (const piece of pieces) received += piece.length;
    }, /a bad block/);
    await settled();
    assert.deepEqual([received, account.out], [failAt, 0]);
  }
});
