import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { bearer, outcomeOf } from '../testing/identify.ts';
import { type Behaviour, newSigner, TestIssuer } from '../testing/test-issuer.ts';
import { keysAddress } from './fetch-keys.ts';
import { ownIssuer } from './issuer.ts';
import { keyPatience } from './key-cache.ts';
import { type IdentityReport, oidcIdentity } from './oidc-identity.ts';

let server: TestIssuer;
/** Added to the real time. */
let later = 0;
let reports: IdentityReport[] = [];

beforeEach(async () => {
  server = await TestIssuer.start();
  later = 0;
  reports = [];
});
afterEach(() => server.close());

function identity({ jwksUrl, timeout = keyPatience.timeout }: { jwksUrl?: string; timeout?: number } = {}) {
  const own = { issuer: server.url, audience: 'proofline', algorithms: ['RS256'] } as const;
  const issuer = ownIssuer(jwksUrl === undefined ? own : { ...own, jwksUrl });
  return oidcIdentity({
    // Tokens live for as long as these tests move the clock.
    issuers: [{ ...issuer, longestLifetimeSeconds: Number.POSITIVE_INFINITY }],
    rules: [{ match: [{ claim: 'sub', patterns: ['*'] }], organization: { fixed: 'acme' }, actions: ['ingest'] }],
    clock: () => Date.now() + later,
    report: (report) => reports.push(report),
    patience: { ...keyPatience, timeout },
  });
}

const day = 86_400;
const token = async (changes: Parameters<TestIssuer['token']>[0] = {}) =>
  bearer(await server.token({ claims: { exp: Math.floor(Date.now() / 1000) + day }, ...changes }));
const invented = async (kid: string) => await token({ header: { kid } });

describe('the keys of an issuer', () => {
  test('are fetched once for all callers at once, and not again while they are fresh', async () => {
    const who = identity();
    const one = await token();
    const all = await Promise.all(Array.from({ length: 50 }, () => who.identify(one)));
    assert.equal(all.length, 50);
    later = keyPatience.fresh - 10_000;
    await who.identify(one);
    assert.deepEqual(server.asked, { discovery: 1, keys: 1 });
  });

  test('are fetched again at their age, from where they were found', async () => {
    const who = identity();
    await who.identify(await token());
    later = keyPatience.fresh + 1;
    await who.identify(await token());
    assert.deepEqual(server.asked, { discovery: 1, keys: 2 });
  });

  test('at an address that is given are found without a discovery document', async () => {
    await identity({ jwksUrl: server.jwksUri }).identify(await token());
    assert.deepEqual(server.asked, { discovery: 0, keys: 1 });
  });

  test('are found where they have moved', async () => {
    const who = identity();
    await who.identify(await token());
    server.jwksUri = `${server.url}/elsewhere?keys`;
    later = keyPatience.fresh + 1;
    await who.identify(await token());
    assert.match(reports[0]?.reason ?? '', /status 404/);
    later += keyPatience.retry + 1;
    await who.identify(await token());
    assert.deepEqual(server.asked, { discovery: 2, keys: 3 });
    assert.equal(reports.length, 1);
  });

  test('are not fetched from elsewhere over plain HTTP, nor with a password', async () => {
    const { host } = new URL(server.url);
    for (const uri of [
      'http://id.example.org/keys',
      `http://user:secret@${host}/keys`,
      'data:,{}',
      'file:///etc/passwd',
      'keys',
    ]) {
      server.jwksUri = uri;
      assert.equal(await outcomeOf(identity(), await token()), 'identity_unavailable');
      assert.match(reports.at(-1)?.reason ?? '', /neither https nor within this machine/, uri);
    }
    assert.equal(server.asked.keys, 0);
  });

  test('of an issuer with https are with https', () => {
    const issuer = 'https://id.example.org';
    const at = (jwks_uri: string) => keysAddress(issuer, { issuer, jwks_uri });
    assert.equal(at('https://keys.example.net/a?b'), 'https://keys.example.net/a?b');
    assert.throws(() => at('http://127.0.0.1/keys'), /away from https/);
    assert.throws(() => keysAddress(issuer, { issuer: `${issuer}/`, jwks_uri: issuer }), /another issuer/);
  });

  test('are found after a rotation, and the old one is then worth nothing', async () => {
    const who = identity();
    const old = await token();
    await who.identify(old);
    server.signers = [await newSigner('k2')];
    later = keyPatience.between + 1;
    await who.identify(await token());
    assert.equal(server.asked.keys, 2);
    later += keyPatience.between + 1;
    assert.equal(await outcomeOf(who, old), 'authentication_required');
  });

  test('are not fetched more than once in an interval, however many are invented', async () => {
    const who = identity();
    await who.identify(await token());
    const flood = async (wave: number) => {
      const tokens = await Promise.all(Array.from({ length: 40 }, (_, i) => invented(`invented-${wave}-${i}`)));
      const outcomes = await Promise.all(tokens.map((one) => outcomeOf(who, one)));
      assert.deepEqual([...new Set(outcomes)], ['authentication_required']);
    };
    await flood(1);
    assert.equal(server.asked.keys, 1);
    for (let wave = 2; wave <= 5; wave++) {
      later += keyPatience.between + 1;
      await flood(wave);
      await flood(wave + 10);
      assert.equal(server.asked.keys, wave);
    }
    assert.equal(server.asked.discovery, 1);
    await who.identify(await token());
  });

  test('serve on while the issuer is away, for hours and not for ever', async () => {
    const who = identity();
    await who.identify(await token());
    server.behaviour = 'down';
    later = keyPatience.fresh + 1;
    await who.identify(await token());
    await who.identify(await token());
    assert.equal(server.asked.keys, 2, 'not asked again before it is time');
    assert.deepEqual(reports, [
      { event: 'keys_not_fetched', issuer: server.url, reason: 'it answered with status 503' },
    ]);
    later = keyPatience.stale - 10_000;
    await who.identify(await token());
    later = keyPatience.stale + 10_000;
    assert.equal(await outcomeOf(who, await token()), 'identity_unavailable');
    server.behaviour = 'good';
    later += keyPatience.retry + 1;
    await who.identify(await token());
  });

  test('that are unknown while the issuer is away may be new ones', async () => {
    const who = identity();
    await who.identify(await token());
    server.behaviour = 'down';
    later = keyPatience.between + 1;
    const fresh = await newSigner('k2');
    assert.equal(await outcomeOf(who, await token({ signer: fresh })), 'identity_unavailable');
    server.behaviour = 'good';
    server.signers = [fresh];
    later += keyPatience.retry + 1;
    await who.identify(await token());
  });

  test('are asked for at most once in a pause while there are none, and the answer says when to come again', async () => {
    server.behaviour = 'down';
    const who = identity();
    const one = await token();
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcomeOf(who, one)));
    assert.deepEqual([...new Set(outcomes)], ['identity_unavailable']);
    await assert.rejects(who.identify(one), (error) => {
      assert.ok(isProblem(error, 'identity_unavailable'));
      assert.equal(error.kind, 'unavailable');
      assert.equal(error.retryAfterSeconds, 5);
      return true;
    });
    assert.deepEqual(server.asked, { discovery: 1, keys: 0 });
    server.behaviour = 'good';
    later = keyPatience.retry + 1;
    await who.identify(one);
  });

  test('are fetched again after the clock was set back', async () => {
    const who = identity();
    later = 3_600_000;
    await who.identify(await token({ claims: { exp: Math.floor(Date.now() / 1000) + day } }));
    later = 0;
    await who.identify(await token());
    assert.equal(server.asked.keys, 2);
  });

  test('that are twice there, or do not work, make nobody an internal error', async () => {
    const [signer] = server.signers;
    assert.ok(signer);
    const twice = { ...signer, jwk: { ...signer.jwk } };
    const broken = { ...signer, kid: 'broken', jwk: { ...signer.jwk, kid: 'broken', n: 'AQAB' } };
    const secret = { ...signer, kid: 'secret', jwk: { kty: 'oct', kid: 'secret', k: 'c2VjcmV0', alg: 'HS256' } };
    server.signers = [signer, twice, broken, secret];
    const who = identity();
    for (const kid of ['k1', 'broken', 'secret'])
      assert.equal(await outcomeOf(who, await invented(kid)), 'authentication_required', kid);
  });
});

describe('an issuer that is not itself', () => {
  const cases: [Behaviour, RegExp][] = [
    ['down', /status 503/],
    ['slow', /does not answer in time/],
    ['garbage', /not JSON/],
    ['empty', /where its keys are/],
    ['huge', /too long/],
    ['redirecting', /status 302/],
    ['another', /another issuer/],
  ];
  for (const [behaviour, reason] of cases)
    test(`${behaviour}: is not guessed for`, async () => {
      server.behaviour = behaviour;
      const who = identity({ timeout: behaviour === 'slow' ? 200 : keyPatience.timeout });
      assert.equal(await outcomeOf(who, await token()), 'identity_unavailable');
      assert.match(reports.map((report) => report.reason).join(), reason);
    });

  for (const behaviour of ['garbage', 'empty', 'huge', 'redirecting', 'slow'] as const)
    test(`${behaviour} in place of keys: is not guessed for, and mends`, async () => {
      server.behaviour = behaviour;
      const who = identity({ jwksUrl: server.jwksUri, timeout: behaviour === 'slow' ? 200 : keyPatience.timeout });
      assert.equal(await outcomeOf(who, await token()), 'identity_unavailable');
      assert.equal(server.asked.keys, 1, 'no redirect is followed');
      server.behaviour = 'good';
      later = keyPatience.retry + 1;
      await who.identify(await token());
    });

  test('and cannot be connected to', async () => {
    const headers = await token();
    const who = identity();
    const { url } = server;
    await server.close();
    assert.equal(await outcomeOf(who, headers), 'identity_unavailable');
    assert.equal(reports[0]?.issuer, url);
    server = await TestIssuer.start();
  });
});
