import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bearer, outcomeOf } from '../testing/identify.ts';
import { digestOf, sameDigest } from './same-digest.ts';
import { sharedTokens } from './shared-tokens.ts';

const [ingest, admin] = ['ingest-0123456789', 'admin-0123456789'];
const identity = sharedTokens([
  { subject: 'token', secret: ingest, actions: ['ingest', 'read'] },
  { subject: 'admin-token', secret: admin, actions: ['admin', 'read'] },
]);
const where = { organization: 'any', project: 'any', service: 'any' };

describe('a shared token', () => {
  test('may do what it is for, everywhere, and nothing else', async () => {
    const [sender, boss] = [await identity.identify(bearer(ingest)), await identity.identify(bearer(admin))];
    const may = (caller: typeof sender) =>
      (['ingest', 'read', 'admin'] as const).filter((one) => caller.may(one, where));
    assert.equal(sender.subject, 'token');
    assert.deepEqual(may(sender), ['ingest', 'read']);
    assert.equal(boss.subject, 'admin-token');
    assert.deepEqual(may(boss), ['read', 'admin']);
    assert.equal(sender.may('read', {}), true);
  });

  test('is taken under any spelling of the scheme', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer '])
      assert.equal(typeof (await outcomeOf(identity, new Headers({ Authorization: `${scheme} ${ingest}` }))), 'object');
  });

  for (const value of [
    undefined,
    '',
    'Bearer',
    `Basic ${ingest}`,
    ingest,
    `Bearer ${ingest}x`,
    `Bearer ${ingest.slice(0, -1)}`,
    `Bearer ${ingest.toUpperCase()}`,
    `Bearer ${ingest} ${admin}`,
    `Bearer ${'x'.repeat(20_000)}`,
  ])
    test(`is not ${value?.slice(0, 40) ?? 'nothing'}`, async () => {
      const headers = new Headers(value === undefined ? {} : { Authorization: value });
      assert.equal(await outcomeOf(identity, headers), 'authentication_required');
    });
});

describe('two digests', () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test('are the same when every byte is', () => {
    fc.assert(
      fc.property(digest, digest, fc.nat(31), fc.integer({ min: 1, max: 255 }), (a, b, at, flip) => {
        assert.equal(sameDigest(a, Uint8Array.from(a)), true);
        assert.equal(sameDigest(a, b), Buffer.compare(a, b) === 0);
        const other = Uint8Array.from(a);
        other[at] = (other[at] ?? 0) ^ flip;
        assert.equal(sameDigest(a, other), false);
        assert.equal(sameDigest(a, a.subarray(0, at)), false);
        assert.equal(sameDigest(a.subarray(0, at), a), false);
      }),
    );
  });

  test('have all their bytes looked at, wherever the first difference is', async () => {
    const expected = await digestOf(ingest);
    for (let at = 0; at < 32; at++) {
      const other = Uint8Array.from(expected);
      other[at] = (other[at] ?? 0) ^ 1;
      assert.deepEqual([looks(expected, other), looks(other, expected)], [64, 64]);
    }
    assert.equal(looks(expected, expected), 64);
  });

  /** How many bytes a comparison reads. */
  function looks(a: Uint8Array, b: Uint8Array): number {
    let count = 0;
    const counted = (bytes: Uint8Array) =>
      new Proxy(bytes, {
        get(target, name) {
          if (typeof name === 'string' && /^\d+$/.test(name)) count += 1;
          return Reflect.get(target, name, target) as unknown;
        },
      });
    sameDigest(counted(a), counted(b));
    return count;
  }
});
