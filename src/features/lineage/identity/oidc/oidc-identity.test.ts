import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { exportSPKI, importJWK, type JWTPayload } from 'jose';
import { isProblem } from '#kit/errors.ts';
import { anySubject, bearer, identityFor, outcomeOf } from '../testing/identify.ts';
import { newSigner, TestIssuer, type TokenChanges } from '../testing/test-issuer.ts';
import { githubIssuer, type Issuer, ownIssuer } from './issuer.ts';
import { type IdentityReport, oidcIdentity } from './oidc-identity.ts';

const now = () => Math.floor(Date.now() / 1000);
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

let server: TestIssuer;
before(async () => {
  server = await TestIssuer.start();
});
after(() => server.close());

const own = (): Issuer =>
  ownIssuer({ issuer: server.url, audience: 'proofline', algorithms: ['RS256', 'ES256', 'EdDSA'] });
describe('a token of an own issuer', () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA'])
    test(`signed with ${alg} is taken, and its subject is the one in it`, async () => {
      const signer = await newSigner(`of-${alg}`, alg);
      server.signers.push(signer);
      const caller = await identityFor([own()]).identity.identify(bearer(await server.token({ signer })));
      assert.equal(caller.subject, 'issuer:ci');
      assert.equal(caller.may('ingest', { organization: 'acme', project: 'shop', service: 'api' }), true);
      assert.equal(caller.may('read', { organization: 'acme' }), false);
      assert.equal(caller.may('ingest', { organization: 'other' }), false);
    });

  const good: [string, TokenChanges][] = [
    ['with several audiences, ours among them', { claims: { aud: ['elsewhere', 'proofline'] } }],
    ['that expired within the tolerance', { claims: { exp: now() - 30 } }],
    ['that begins within the tolerance', { claims: { nbf: now() + 30, iat: now() + 30 } }],
    ['that is an access token', { header: { typ: 'at+jwt' } }],
    ['that is an access token, in full', { header: { typ: 'application/AT+JWT' } }],
    ['without a type', { header: { typ: undefined } }],
  ];
  for (const [what, changes] of good)
    test(`${what} is taken`, async () => {
      const outcome = await outcomeOf(identityFor([own()]).identity, bearer(await server.token(changes)));
      assert.ok(typeof outcome === 'object', String(outcome));
    });

  const wrong: [string, TokenChanges, reason: string][] = [
    ['expired', { claims: { exp: now() - 90 } }, 'exp'],
    ['not yet valid', { claims: { nbf: now() + 120 } }, 'nbf'],
    ['issued in the future', { claims: { iat: now() + 120, exp: now() + 400 } }, 'iat'],
    ['without an end', { claims: { exp: undefined } }, 'exp'],
    ['with an end that is text', { claims: { exp: '9999999999' } }, 'exp'],
    ['without a beginning', { claims: { iat: undefined } }, 'lifetime'],
    ['good for a month', { claims: { exp: now() + 30 * 86_400 } }, 'lifetime'],
    ['for another audience', { claims: { aud: 'elsewhere' } }, 'aud'],
    ['for an audience that begins like ours', { claims: { aud: 'proofline.example.org' } }, 'aud'],
    ['without an audience', { claims: { aud: undefined } }, 'aud'],
    ['without a subject', { claims: { sub: undefined } }, 'it does not say whose it is'],
    ['for logging out', { header: { typ: 'logout+jwt' } }, 'typ'],
    ['that proves possession', { header: { typ: 'dpop+jwt' } }, 'typ'],
    ['with an extension that nobody knows', { header: { crit: ['x'], x: 1 } }, 'ERR_JOSE_NOT_SUPPORTED'],
  ];
  for (const [what, changes, reason] of wrong)
    test(`${what} is refused`, async () => {
      const { identity, reports } = identityFor([own()]);
      const token = await signedAnyhow(changes);
      assert.equal(await outcomeOf(identity, bearer(token)), 'authentication_required');
      assert.deepEqual(reports, [{ event: 'token_refused', issuer: server.url, reason }]);
    });

  test('of another issuer is refused, and its issuer is asked nothing', async () => {
    const { identity, reports } = identityFor([own()]);
    const asked = { ...server.asked };
    for (const iss of ['https://id.example.org', `${server.url}/`, server.url.toUpperCase(), undefined])
      assert.equal(
        await outcomeOf(identity, bearer(await server.token({ claims: { iss } }))),
        'authentication_required',
      );
    assert.deepEqual(server.asked, asked);
    assert.deepEqual(
      reports.map(({ reason }) => reason),
      ['iss', 'iss', 'iss', 'iss'],
    );
  });

  test('signed by another key under a known kid, or tampered with, is refused', async () => {
    const { identity, reports } = identityFor([own()]);
    const forged = await server.token({ signer: await newSigner('k1') });
    const [header = '', payload = '', signature = ''] = (await server.token()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
    const changed = [header, base64({ ...claims, sub: 'admin' }), signature].join('.');
    for (const token of [forged, changed, [header, payload, ''].join('.'), [header, payload, base64('x')].join('.')])
      assert.equal(await outcomeOf(identity, bearer(token)), 'authentication_required');
    assert.ok(
      reports.every(({ reason }) => reason === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'),
      JSON.stringify(reports),
    );
  });

  test('without a signature, or signed with the public key as a secret, is refused before any key is asked for', async () => {
    const { identity, reports } = identityFor([own()]);
    const asked = { ...server.asked };
    const payload = base64({ iss: server.url, aud: 'proofline', sub: 'ci', iat: now(), exp: now() + 300 });
    const [jwk] = server.signers.map((signer) => signer.jwk);
    assert.ok(jwk);
    const key = await importJWK(jwk, 'RS256', { extractable: true });
    assert.ok(!(key instanceof Uint8Array));
    const pem = await exportSPKI(key);
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      for (const signature of ['', base64('x')])
        assert.equal(
          await outcomeOf(identity, bearer(`${base64({ alg, kid: 'k1', typ: 'JWT' })}.${payload}.${signature}`)),
          'authentication_required',
        );
    for (const [alg, secret] of [
      ['HS256', pem],
      ['HS256', pem.trim()],
      ['HS256', JSON.stringify(jwk)],
      ['HS384', pem],
      ['HS512', pem],
    ] as const) {
      const signed = `${base64({ alg, kid: 'k1', typ: 'JWT' })}.${payload}`;
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(signed)
        .digest('base64url');
      assert.equal(await outcomeOf(identity, bearer(`${signed}.${mac}`)), 'authentication_required');
    }
    assert.equal(reports.length, 15);
    assert.deepEqual(server.asked, asked);
  });

  test('that brings its own key along is verified with ours', async () => {
    const { identity } = identityFor([own()]);
    const signer = await newSigner('k1');
    const header = { jwk: signer.jwk, jku: `${server.url}/mine`, x5u: `${server.url}/mine` };
    assert.equal(await outcomeOf(identity, bearer(await server.token({ signer, header }))), 'authentication_required');
  });

  test('in an algorithm that is not pinned is refused, although the key is published', async () => {
    const signer = await newSigner('ps', 'PS256');
    server.signers.push(signer);
    const pinned = { ...own(), algorithms: ['ES256'] as const };
    for (const issuer of [own(), pinned])
      assert.equal(
        await outcomeOf(identityFor([issuer]).identity, bearer(await server.token({ signer }))),
        'authentication_required',
      );
    assert.equal(
      await outcomeOf(identityFor([pinned]).identity, bearer(await server.token())),
      'authentication_required',
    );
  });

  test('that is huge, no token, or in a header of another shape, is refused; the answer is the same for all', async () => {
    const { identity } = identityFor([own()]);
    const token = await server.token();
    const huge = await server.token({ claims: { groups: Array.from({ length: 4000 }, (_, i) => `group-${i}`) } });
    const messages = new Set<string>();
    for (const value of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      `bearer${token}`,
      `Bearer ${token} `.concat('x'),
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${huge}`,
      'Bearer a.b.c',
      'Bearer ....',
      `Bearer ${base64('{')}.${base64('{')}.`,
      `Bearer ${base64({ alg: 'RS256' })}.${base64('[1]')}.${base64('x')}`,
      `Bearer ${base64({ alg: 'RS256', kid: { a: 1 } })}.${base64({ iss: server.url })}.${base64('x')}`,
      `Bearer ${await server.token({ claims: { aud: 'elsewhere' } })}`,
    ]) {
      const headers = new Headers(value === undefined ? {} : { Authorization: value });
      await assert.rejects(identity.identify(headers), (error) => {
        assert.ok(isProblem(error, 'authentication_required'), `${value?.slice(0, 40)}: ${String(error)}`);
        assert.equal(error.cause, undefined);
        messages.add(error.message);
        return true;
      });
    }
    assert.equal(messages.size, 1);
  });

  test('to which no rule applies is nobody’s', async () => {
    const reports: IdentityReport[] = [];
    const rules = [{ ...anySubject, match: [{ claim: 'team', patterns: ['*'] }] }];
    const identity = oidcIdentity({ issuers: [own()], rules, clock: Date.now, report: (one) => reports.push(one) });
    assert.equal(await outcomeOf(identity, bearer(await server.token())), 'authentication_required');
    assert.deepEqual(reports, [{ event: 'token_refused', issuer: server.url, reason: 'no rule' }]);
  });

  /** Claims and headers that jose itself would not sign. */
  async function signedAnyhow(changes: TokenChanges): Promise<string> {
    const { header = {}, claims = {} } = changes;
    const [signer] = server.signers;
    assert.ok(signer);
    const [first = '', second = ''] = (await server.token()).split('.');
    const parsed = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    const signed = `${base64({ ...parsed(first), ...header })}.${base64({ ...parsed(second), ...claims })}`;
    const key = signer.privateKey;
    assert.ok(!(key instanceof Uint8Array));
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, Buffer.from(signed));
    return `${signed}.${Buffer.from(signature).toString('base64url')}`;
  }
});

describe('a token of GitHub Actions', () => {
  test('is a repository, whatever its sub says', async () => {
    const { identity } = identityFor([githubIssuer(server.url, 'proofline')]);
    const claims = { repository: 'Acme/shop', sub: 'repo:Acme/shop:ref:refs/heads/main' };
    assert.equal((await identity.identify(bearer(await server.token({ claims })))).subject, 'github:Acme/shop');
    assert.equal(await outcomeOf(identity, bearer(await server.token())), 'authentication_required');
    const signer = server.signers.find(({ alg }) => alg === 'ES256');
    assert.ok(signer);
    assert.equal(await outcomeOf(identity, bearer(await server.token({ claims, signer }))), 'authentication_required');
  });
});
