import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StartupError } from '#platform/process/startup-error.ts';
import { checkIdentityConfig, type Exposure } from './check-identity-config.ts';
import { identitySettings } from './identity.config.ts';
import { configOf } from './testing/identity-config.ts';

const local: Exposure = { addresses: [{ host: '127.0.0.1', port: 8085 }], behindProxy: false };
const open: Exposure = { addresses: [{ host: '0.0.0.0', port: 8085 }], behindProxy: false };
const proxied: Exposure = { ...open, behindProxy: true };
const worker: Exposure = { addresses: [], behindProxy: true };

const secret = 'a-secret-of-these-tests';
const token = { STRICTURE_SERVER_AUTH_MODE: 'token', STRICTURE_SERVER_INGEST_TOKEN: secret };
const none = { STRICTURE_SERVER_AUTH_MODE: 'none' };
const github = {
  STRICTURE_SERVER_AUTH_MODE: 'oidc',
  STRICTURE_SERVER_OIDC_GITHUB: 'true',
  STRICTURE_SERVER_OIDC_AUDIENCE: 'https://lineage.example.org',
  STRICTURE_SERVER_RULES_FILE: '/etc/proofline/rules.json',
};
const access = {
  STRICTURE_SERVER_AUTH_MODE: 'oidc',
  STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN: 'acme.cloudflareaccess.com',
  STRICTURE_SERVER_OIDC_ACCESS_AUDIENCE: 'f00d',
  STRICTURE_SERVER_RULES: '[]',
};

function refusal(environment: Readonly<Record<string, string>>, exposure: Exposure, changes: object = {}): string {
  try {
    checkIdentityConfig({ ...configOf(environment), ...changes }, exposure);
    return '';
  } catch (error) {
    assert.ok(error instanceof StartupError, String(error));
    const said = `${error.message} ${error.remedy}`;
    assert.ok(!said.includes(secret), 'no value of a setting');
    return said;
  }
}

describe('lineage starts', () => {
  const good: [string, Readonly<Record<string, string>>, Exposure][] = [
    ['with a token, on loopback', token, local],
    ['with a token, behind a proxy', token, proxied],
    ['with a token, in a Worker', token, worker],
    ['with an admin token', { ...token, STRICTURE_SERVER_ADMIN_TOKEN: `${secret}-2` }, local],
    ['with GitHub', github, proxied],
    ['with Access, which needs no other audience', access, worker],
    ['with nobody to ask, on loopback', none, local],
    ['with nobody to ask, on IPv6', none, { addresses: [{ host: '::1', port: 1 }], behindProxy: false }],
  ];
  for (const [what, environment, exposure] of good)
    test(what, () => {
      assert.equal(refusal(environment, exposure), '');
    });
});

describe('lineage does not start', () => {
  const wrong: [string, Readonly<Record<string, string>>, Exposure, RegExp][] = [
    ['with nothing configured', {}, local, /STRICTURE_SERVER_AUTH_MODE is not set.*Set it to token.*oidc.*none/],
    ['with none, for others', none, open, /none, which gives everything/],
    [
      'with none, for others too',
      none,
      { ...local, addresses: [...local.addresses, ...open.addresses] },
      /none, which/,
    ],
    ['with none, behind a proxy', none, { ...local, behindProxy: true }, /none, which/],
    ['with none, in a Worker', none, worker, /none, which/],
    ['with none, where it binds nothing', none, { addresses: [], behindProxy: false }, /none, which/],
    ['without the token', { STRICTURE_SERVER_AUTH_MODE: 'token' }, local, /INGEST_TOKEN is not set/],
    ['with one token for both', { ...token, STRICTURE_SERVER_ADMIN_TOKEN: secret }, local, /are the same/],
    [
      'with a token that no header can carry',
      { ...token, STRICTURE_SERVER_INGEST_TOKEN: 'sixteen or more, ä' },
      local,
      /INGEST_TOKEN is shorter/,
    ],
    ['with a token, in the open', token, open, /plain HTTP.*SAFE_TRUSTED_PROXIES/],
    ['with GitHub, in the open', github, open, /plain HTTP/],
    [
      'without an issuer',
      { STRICTURE_SERVER_AUTH_MODE: 'oidc', STRICTURE_SERVER_RULES: '[]' },
      local,
      /no issuer is trusted/,
    ],
    ['without an audience', { ...github, STRICTURE_SERVER_OIDC_AUDIENCE: '' }, local, /OIDC_AUDIENCE is not set/],
    ['without rules', { ...github, STRICTURE_SERVER_RULES_FILE: '' }, local, /both not set, so nobody/],
    ['with rules twice', { ...github, STRICTURE_SERVER_RULES: '[]' }, local, /are both set/],
    [
      'with GitHub on, and none named',
      { ...github, STRICTURE_SERVER_OIDC_GITHUB_ISSUER: '' },
      local,
      /GITHUB_ISSUER is empty/,
    ],
    [
      'with keys of nobody',
      { ...github, STRICTURE_SERVER_OIDC_JWKS_URL: 'https://id.example.org/keys' },
      local,
      /JWKS_URL is set without/,
    ],
    ['with half of Access', { ...access, STRICTURE_SERVER_OIDC_ACCESS_AUDIENCE: '' }, local, /only one is set/],
    [
      'with the other half of Access',
      {
        ...access,
        STRICTURE_SERVER_OIDC_ACCESS_TEAM_DOMAIN: '',
        STRICTURE_SERVER_OIDC_ISSUER: 'https://id.example.org',
        STRICTURE_SERVER_OIDC_AUDIENCE: 'x',
      },
      local,
      /only one is set/,
    ],
    [
      'with one issuer twice',
      { ...github, STRICTURE_SERVER_OIDC_ISSUER: 'https://token.actions.githubusercontent.com' },
      local,
      /configured twice/,
    ],
  ];
  for (const [what, environment, exposure, expected] of wrong)
    test(what, () => {
      assert.match(refusal(environment, exposure), expected);
    });

  test('with a short token, whoever let it through', () => {
    assert.match(refusal(token, local, { ingestToken: 'short' }), /INGEST_TOKEN is shorter than 16/);
    assert.match(refusal(token, local, { adminToken: 'short' }), /ADMIN_TOKEN is shorter than 16/);
  });
});

test('settings take no address over plain HTTP to elsewhere, no short token, and no algorithm with a shared secret', () => {
  const { algorithms, githubIssuer, ingestToken, issuer, jwksUrl, mode, accessTeamDomain } = identitySettings;
  assert.equal(jwksUrl.parse('https://id.example.org/keys?policy=ci'), 'https://id.example.org/keys?policy=ci');
  assert.equal(issuer.parse('https://id.example.org?policy=ci'), undefined);
  for (const setting of [githubIssuer, issuer, jwksUrl]) {
    for (const good of [
      'https://id.example.org',
      'https://id.example.org/a/b',
      'http://127.0.0.1:9000',
      'http://[::1]:9000/keys',
      'http://localhost:1',
    ])
      assert.equal(setting.parse(good), good);
    for (const bad of [
      'http://id.example.org',
      'http://127.0.0.1.example.org',
      'id.example.org',
      'ftp://id.example.org',
      'https://a:b@id.example.org',
      'https://id.example.org#a',
      'file:///etc/passwd',
      'data:,x',
    ])
      assert.equal(setting.parse(bad), undefined, bad);
  }
  assert.equal(ingestToken.parse('fifteen-letters'), undefined);
  assert.deepEqual(algorithms.parse('ES256, RS256'), ['ES256', 'RS256']);
  for (const bad of ['', 'none', 'HS256', 'RS256,HS256', 'RS256,', 'rs256', 'PS256'])
    assert.equal(algorithms.parse(bad), undefined);
  for (const bad of ['open', 'None', 'TOKEN']) assert.equal(mode.parse(bad), undefined);
  assert.equal(mode.parse(''), '');
  for (const bad of ['acme', 'https://acme.cloudflareaccess.com', 'acme.cloudflareaccess.com/x', 'a@b.c'])
    assert.equal(accessTeamDomain.parse(bad), undefined);
});
