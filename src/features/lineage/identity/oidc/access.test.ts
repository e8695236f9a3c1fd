import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bearer, identityFor, outcomeOf } from '../testing/identify.ts';
import { TestIssuer } from '../testing/test-issuer.ts';
import { accessIssuer, type Issuer, ownIssuer } from './issuer.ts';

let server: TestIssuer;
before(async () => {
  server = await TestIssuer.start();
});
after(() => server.close());

const own = (): Issuer => ownIssuer({ issuer: server.url, audience: 'proofline', algorithms: ['RS256'] });

describe('Cloudflare Access', () => {
  const access = (): Issuer => ({
    ...accessIssuer('acme.example.org', 'tag'),
    issuer: server.url,
    jwksUrl: server.jwksUri,
  });
  const assertion = async (claims: Record<string, unknown>, headers: Record<string, string> = {}) =>
    new Headers({
      'Cf-Access-Jwt-Assertion': await server.token({ claims: { aud: ['tag'], type: 'app', ...claims } }),
      ...headers,
    });

  test('says who a person or a service is', async () => {
    const { identity } = identityFor([access()]);
    const subject = async (claims: Record<string, unknown>) =>
      (await identity.identify(await assertion(claims))).subject;
    assert.equal(await subject({ email: 'jo@example.org', sub: 'f3' }), 'access:jo@example.org');
    assert.equal(await subject({ sub: 'f3' }), 'access:f3');
    assert.equal(await subject({ sub: '', common_name: 'ci.access' }), 'access:ci.access');
    assert.equal(await outcomeOf(identity, await assertion({ sub: '' })), 'authentication_required');
    const huge = await assertion({ email: 'jo@example.org', groups: Array.from({ length: 4000 }, (_, i) => `g-${i}`) });
    assert.equal(await outcomeOf(identity, huge), 'authentication_required');
    assert.equal(await outcomeOf(identity, await assertion({ type: 'org' })), 'authentication_required');
    assert.equal(await outcomeOf(identity, await assertion({ aud: ['other'] })), 'authentication_required');
  });

  test('is heard in its own header alone, and bearer tokens in theirs', async () => {
    const { identity } = identityFor([access()]);
    const inHeader = await assertion({ email: 'jo@example.org' });
    const asBearer = bearer(inHeader.get('cf-access-jwt-assertion') ?? '');
    assert.equal(await outcomeOf(identity, asBearer), 'authentication_required');
    const bearerInHeader = new Headers({ 'Cf-Access-Jwt-Assertion': await server.token() });
    assert.equal(await outcomeOf(identityFor([own()]).identity, bearerInHeader), 'authentication_required');
  });

  test('does not speak for who brings a bearer token, good or bad', async () => {
    const other = await TestIssuer.start();
    try {
      const { identity } = identityFor([
        access(),
        ownIssuer({ issuer: other.url, audience: 'proofline', algorithms: ['RS256'] }),
      ]);
      const both = async (token: string) =>
        await assertion({ email: 'jo@example.org' }, { Authorization: `Bearer ${token}` });
      const caller = await identity.identify(await both(await other.token({ claims: { sub: 'deploy' } })));
      assert.equal(caller.subject, 'issuer:deploy');
      assert.equal(await outcomeOf(identity, await both('wrong')), 'authentication_required');
    } finally {
      await other.close();
    }
  });

  test('does not count in what a page of another site sends', async () => {
    const { identity } = identityFor([access()]);
    const from = async (headers: Record<string, string>) =>
      await outcomeOf(identity, await assertion({ email: 'jo@example.org' }, headers));
    const evil = { Origin: 'https://evil.example' };
    assert.equal(await from({ ...evil, 'Sec-Fetch-Site': 'cross-site' }), 'authentication_required');
    assert.equal(await from({ ...evil, 'Sec-Fetch-Site': 'same-site' }), 'authentication_required');
    assert.equal(await from(evil), 'authentication_required');
    assert.equal(typeof (await from({ Origin: 'https://lineage.example', 'Sec-Fetch-Site': 'same-origin' })), 'object');
    assert.equal(typeof (await from({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' })), 'object');
  });
});
