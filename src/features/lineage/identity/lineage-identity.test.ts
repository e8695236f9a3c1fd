import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Exposure } from './check-identity-config.ts';
import { issuersOf, lineageIdentity } from './lineage-identity.ts';
import { bearer, outcomeOf } from './testing/identify.ts';
import { configOf } from './testing/identity-config.ts';
import { TestIssuer } from './testing/test-issuer.ts';

const local: Exposure = { addresses: [{ host: '127.0.0.1', port: 8085 }], behindProxy: false };

function made(environment: Readonly<Record<string, string>>, readFile?: (path: string) => string, exposure = local) {
  const config = configOf(environment);
  const options = { config, exposure, clock: Date.now, report: () => undefined };
  return lineageIdentity(readFile === undefined ? options : { ...options, readFile });
}

describe('who may, as configured', () => {
  let server: TestIssuer;
  before(async () => {
    server = await TestIssuer.start();
  });
  after(() => server.close());

  const github = () => ({
    STRICTURE_SERVER_AUTH_MODE: 'oidc',
    STRICTURE_SERVER_OIDC_GITHUB: 'true',
    STRICTURE_SERVER_OIDC_GITHUB_ISSUER: server.url,
    STRICTURE_SERVER_OIDC_AUDIENCE: 'proofline',
  });
  const rules = JSON.stringify([
    {
      match: { repository_owner: 'Acme', ref: ['refs/heads/main', 'refs/tags/*'] },
      organization: `\${repository_owner}`,
      project: `\${repository}`,
      actions: ['ingest'],
    },
    { match: { repository: 'Acme/*' }, organization: 'acme', actions: ['read'] },
  ]);
  const shop = { repository: 'Acme/shop', repository_owner: 'Acme' };

  test('by a token', async () => {
    const identity = made({
      STRICTURE_SERVER_AUTH_MODE: 'token',
      STRICTURE_SERVER_INGEST_TOKEN: 'ingest-0123456789',
      STRICTURE_SERVER_ADMIN_TOKEN: 'admin-0123456789',
    });
    const [sender, boss] = [
      await identity.identify(bearer('ingest-0123456789')),
      await identity.identify(bearer('admin-0123456789')),
    ];
    assert.deepEqual([sender.subject, boss.subject], ['token', 'admin-token']);
    assert.deepEqual([sender.may('ingest', {}), sender.may('read', {}), sender.may('admin', {})], [true, true, false]);
    assert.deepEqual([boss.may('ingest', {}), boss.may('read', {}), boss.may('admin', {})], [false, true, true]);
  });

  test('by a token, of which there is no second where none is set', async () => {
    const identity = made({ STRICTURE_SERVER_AUTH_MODE: 'token', STRICTURE_SERVER_INGEST_TOKEN: 'ingest-0123456789' });
    assert.equal(await outcomeOf(identity, new Headers({ Authorization: 'Bearer ' })), 'authentication_required');
  });

  test('by rules in a setting, or in a file', async () => {
    for (const identity of [
      made({ ...github(), STRICTURE_SERVER_RULES: rules }),
      made({ ...github(), STRICTURE_SERVER_RULES_FILE: 'rules.json' }, (path) => (path === 'rules.json' ? rules : '')),
    ]) {
      const main = await identity.identify(bearer(await server.token({ claims: { ...shop, ref: 'refs/heads/main' } })));
      assert.equal(main.subject, 'github:Acme/shop');
      assert.equal(main.may('ingest', { organization: 'acme', project: 'acme-shop', service: 'api' }), true);
      assert.equal(main.may('ingest', { organization: 'acme', project: 'shop', service: 'api' }), false);
      assert.equal(main.may('read', { organization: 'acme', project: 'shop', service: 'api' }), true);
      assert.equal(main.may('admin', {}), false);
      const branch = await identity.identify(bearer(await server.token({ claims: { ...shop, ref: 'refs/heads/x' } })));
      assert.equal(branch.may('ingest', {}), false);
      assert.equal(branch.may('read', {}), true);
      const other = { repository: 'Other/shop', repository_owner: 'Other', ref: 'refs/heads/main' };
      assert.equal(await outcomeOf(identity, bearer(await server.token({ claims: other }))), 'authentication_required');
    }
  });

  test('by nobody, on loopback', async () => {
    const identity = made({ STRICTURE_SERVER_AUTH_MODE: 'none' });
    assert.equal((await identity.identify(new Headers({ Host: '127.0.0.1:8085' }))).subject, 'anyone');
  });

  test('is not made from what does not hold', () => {
    const open: Exposure = { addresses: [{ host: '0.0.0.0', port: 1 }], behindProxy: false };
    assert.throws(() => made({}), StartupError);
    assert.throws(() => made({ STRICTURE_SERVER_AUTH_MODE: 'none' }, undefined, open), StartupError);
    assert.throws(() => made({ ...github(), STRICTURE_SERVER_RULES: '[]' }), /nobody may do anything/);
    assert.throws(() => made({ ...github(), STRICTURE_SERVER_RULES_FILE: 'x' }), /where there are no files/);
    const unreadable = () => {
      throw new Error('ENOENT: /etc/secret-place');
    };
    assert.throws(
      () => made({ ...github(), STRICTURE_SERVER_RULES_FILE: 'x' }, unreadable),
      (error) => error instanceof StartupError && !`${error.message}${error.remedy}`.includes('secret-place'),
    );
  });

  test('trusts exactly the issuers of its settings', () => {
    const all = configOf({
      ...github(),
      STRICTURE_SERVER_OIDC_ISSUER: 'https://id.example.org/',
      STRICTURE_SERVER_OIDC_JWKS_URL: 'https://id.example.org/keys',
      STRICTURE_SERVER_OIDC_ALGORITHMS: 'ES256',
      STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN: 'acme.cloudflareaccess.com',
      STRICTURE_SERVER_OIDC_ACCESS_AUDIENCE: 'f00d',
    });
    assert.deepEqual(issuersOf(all), [
      { kind: 'github', issuer: server.url, audience: 'proofline', algorithms: ['RS256'] },
      {
        kind: 'access',
        issuer: 'https://acme.cloudflareaccess.com',
        audience: 'f00d',
        algorithms: ['RS256'],
        jwksUrl: 'https://acme.cloudflareaccess.com/cdn-cgi/access/certs',
      },
      {
        kind: 'issuer',
        issuer: 'https://id.example.org/',
        audience: 'proofline',
        algorithms: ['ES256'],
        jwksUrl: 'https://id.example.org/keys',
        longestLifetimeSeconds: 86_400,
      },
    ]);
    assert.deepEqual(issuersOf(configOf({})), []);
    const cloud = configOf({ STRICTURE_SERVER_OIDC_GITHUB: 'true' });
    assert.equal(issuersOf(cloud)[0]?.issuer, 'https://token.actions.githubusercontent.com');
  });
});
