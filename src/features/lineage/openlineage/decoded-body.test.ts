import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isProblem } from '#kit/errors.ts';
import { decodedBody } from './decoded-body.ts';

const zipped = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

test('a body is what its sender compressed, or as it came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (given) => {
      const bytes = new Uint8Array(given);
      assert.deepEqual(await decodedBody(zipped(bytes), ' GZIP ', 5000), bytes);
      for (const encoding of [undefined, '', 'identity'])
        assert.deepEqual(await decodedBody(bytes, encoding, 5000), bytes);
    }),
  );
});

test('what grows past the limit is refused before it is all unpacked', async () => {
  const bomb = zipped(new Uint8Array(64 * 1024 * 1024));
  assert.ok(bomb.length < 100_000);
  await assert.rejects(decodedBody(bomb, 'gzip', 100_000), (error) => isProblem(error, 'request_too_large'));
  const bytes = new Uint8Array(1000);
  assert.equal((await decodedBody(zipped(bytes), 'gzip', 1000)).length, 1000);
  await assert.rejects(decodedBody(zipped(bytes), 'gzip', 999), (error) => isProblem(error, 'request_too_large'));
});

test('what is no gzip, is cut short or is of another encoding is refused', async () => {
  const whole = zipped(new TextEncoder().encode('{"a":1}'));
  const wrong: [Uint8Array<ArrayBuffer>, string][] = [
    [new TextEncoder().encode('{}'), 'gzip'],
    [whole.slice(0, -1), 'gzip'],
    [whole.map((byte, i) => (i === whole.length - 6 ? byte ^ 1 : byte)), 'gzip'],
    [whole, 'br'],
    [whole, 'gzip, gzip'],
  ];
  for (const [bytes, encoding] of wrong)
    await assert.rejects(decodedBody(bytes, encoding, 1000), (error) => isProblem(error, 'invalid_request'));
});
