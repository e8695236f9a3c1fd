import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ArrivingBytes } from './arriving-bytes.ts';

async function all(arriving: ArrivingBytes, maxBytes: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for (let piece = await arriving.next(maxBytes); piece !== undefined; piece = await arriving.next(maxBytes))
    pieces.push(piece);
  return pieces;
}

test('a body comes in order, in pieces no larger than asked for, whatever the sender made of it', async () => {
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  const sent = Buffer.from('abcdefghij');
  body.write(sent.subarray(0, 7));
  body.end(sent.subarray(7));
  const pieces = await all(arriving, 3);
  assert.deepEqual(Buffer.concat(pieces), sent);
  assert.ok(pieces.every(({ length }) => length >= 1 && length <= 3));
  assert.equal(arriving.ending, 'whole');
});

test('a body that is cut short ends with what came of it', async () => {
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  body.write('abc');
  assert.equal((await arriving.next(10))?.toString(), 'abc');
  body.destroy(new Error('reset'));
  assert.equal(await arriving.next(10), undefined);
  assert.equal(arriving.ending, 'cut');
  assert.equal(new ArrivingBytes(body).ending, 'cut');
});

test('the sender is held back while nobody takes what came, and goes on when somebody does', async () => {
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  const piece = Buffer.alloc(128 * 1024);
  for (let i = 0; i < 20; i++) body.write(piece);
  body.end();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(body.isPaused(), true);
  const taken = await all(arriving, 1 << 20);
  assert.equal(Buffer.concat(taken).length, 20 * piece.length);
});

test('told to stop, it still gives what came, waits for nothing, and leaves the body to others', async () => {
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  body.write('abc');
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = arriving.next(2).then(async () => [await arriving.next(2), await arriving.next(2)]);
  await new Promise((resolve) => setImmediate(resolve));
  arriving.stop();
  assert.deepEqual(await waiting, [Buffer.from('c'), undefined]);
  assert.equal(arriving.ending, 'stopped');
  arriving.close();
  assert.equal(body.listenerCount('data'), 0);
  assert.equal(body.destroyed, false);
});

test('it knows how long the sender has been silent, and only that', async () => {
  const body = new PassThrough();
  const arriving = new ArrivingBytes(body);
  assert.equal(arriving.idleMs, 0);
  const next = arriving.next(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(arriving.idleMs >= 25, String(arriving.idleMs));
  body.write('a');
  await next;
  assert.equal(arriving.idleMs, 0);
});
