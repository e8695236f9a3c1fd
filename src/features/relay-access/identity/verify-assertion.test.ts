import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { verifyAssertion } from './verify-assertion.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const at = 1_800_000_000;
const claims = { iss: 'eu-1', aud: 'proofline-core', iat: at, exp: at + 60, jti: 'a'.repeat(16) };
const keyOf = (kid: string) => (kid === 'k1' ? { relay: 'eu-1', key: publicKey } : undefined);
const judge = (jws: string, seconds = at) => verifyAssertion(jws, keyOf, seconds * 1000);

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
function made(header: object, payload: object, key: KeyObject = privateKey): string {
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}
function signedText(text: string): string {
  const signed = `${part({ alg: 'EdDSA', kid: 'k1' })}.${Buffer.from(text).toString('base64url')}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

const header = { alg: 'EdDSA', kid: 'k1' };

test('an assertion by a library that is not ours is understood', async () => {
  const jws = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: 'k1', typ: 'JWT' }).sign(privateKey);
  assert.deepEqual(judge(jws), { relay: 'eu-1', jti: claims.jti, endsAtMs: (at + 65) * 1000 });
});

test('it is good in its time, and clocks may differ a little', () => {
  const jws = made(header, claims);
  for (const [seconds, good] of [
    [at - 6, false],
    [at - 5, true],
    [at, true],
    [at + 64, true],
    [at + 65, false],
  ] as const)
    assert.equal(judge(jws, seconds) !== undefined, good, String(seconds - at));
});

test('whatever else it is, it is nothing', () => {
  const signed = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`;
  const jwk = publicKey.export({ format: 'jwk' }).x ?? '';
  const good = made(header, claims);
  const bad: Record<string, string> = {
    empty: '',
    'two parts': good.slice(0, good.lastIndexOf('.')),
    'four parts': `${good}.a`,
    'a short signature': `${good.slice(0, good.lastIndexOf('.'))}.AA`,
    'signed words that are no JSON': signedText('words'),
    'no signature': `${part(header)}.${part(claims)}.`,
    'alg none': `${part({ ...header, alg: 'none' })}.${part(claims)}.`,
    'signed with the public key as a secret': `${signed}.${createHmac('sha256', jwk).update(signed).digest('base64url')}`,
    'asks for more': made({ ...header, crit: ['b64'], b64: false }, claims),
    'brings its own key': made({ ...header, jwk: publicKey.export({ format: 'jwk' }) }, claims),
    'an unknown key': made({ ...header, kid: 'k2' }, claims),
    'no kid': made({ alg: 'EdDSA' }, claims),
    'of a stranger': made(header, claims, generateKeyPairSync('ed25519').privateKey),
    'of another relay': made(header, { ...claims, iss: 'eu-2' }),
    'for another': made(header, { ...claims, aud: 'other' }),
    'for many': made(header, { ...claims, aud: ['proofline-core', 'other'] }),
    'longer than may be': made(header, { ...claims, exp: at + 61 }),
    'a time that is none': made(header, { ...claims, iat: '1' }),
    'no jti': made(header, { ...claims, jti: undefined }),
    'far too long': made(header, { ...claims, more: 'x'.repeat(2_000) }),
    padded: `${good}==`,
  };
  for (const [what, jws] of Object.entries(bad)) assert.equal(judge(jws), undefined, what);
});

test('one character that is another is found, wherever it is', () => {
  const good = made(header, claims);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  fc.assert(
    fc.property(fc.nat(good.length - 2), fc.constantFrom(...letters), (n, letter) => {
      fc.pre(good[n] !== letter);
      assert.equal(judge(good.slice(0, n) + letter + good.slice(n + 1)), undefined);
    }),
    { numRuns: 2_000 },
  );
  // The last one of a signature has four bits that mean nothing.
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (a, b, c) => {
      assert.equal(judge(a), undefined);
      assert.equal(judge([a, b, c].map((text) => Buffer.from(text).toString('base64url')).join('.')), undefined);
    }),
    { numRuns: 2_000 },
  );
});
