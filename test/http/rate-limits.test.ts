import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rateLimitSettings } from '#http/rate-limits.ts';
import { type CliResult, cli, startServer, type TestServer } from '../support/server.ts';
import type { Answer, Client } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';

// Three requests a window, and a window that does not end during a test. The socket peer of these tests is always 127.0.0.1;
// the server behind a trusted proxy is where one client is told from another.
const classes = [
  'auth',
  'account',
  'incident_read',
  'incident_write',
  'upload',
  'reconcile',
  'stream',
  'token',
  'download',
  'admin',
  'refresh',
  'document_read',
  'document_write',
  'document_upload',
  'document_download',
];
const viewerClasses = ['page', 'data', 'download', 'static'];
const limits = Object.fromEntries([
  ...classes.map((name) => [`SAFE_MAIN_API_RATE_LIMIT_${name.toUpperCase()}`, '3']),
  ...viewerClasses.map((name) => [`SAFE_PUBLIC_VIEWER_RATE_LIMIT_${name.toUpperCase()}`, '3']),
]);
const env = {
  ...limits,
  SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'true',
  SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'true',
  SAFE_MAIN_API_RATE_LIMIT_WINDOW: '10m',
  SAFE_PUBLIC_VIEWER_RATE_LIMIT_WINDOW: '10m',
  SAFE_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8',
};

let world: World;
before(async () => {
  world = await openWorld('limits', env);
});
after(() => world.close());

const from = (address: string) => ({ 'x-forwarded-for': address });

/** An answer to HEAD has no body to say why. */
function assertLimited(answer: Answer, what: string, code = 'rate_limited'): void {
  assert.deepEqual([answer.status, answer.code], [429, code], what);
  const wait = Number(answer.headers.get('retry-after'));
  assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 600, `${what}: Retry-After ${wait}`);
}

test('every operation belongs to a class, answers as often as its class allows, and then says when to come back', async () => {
  const seen = new Set<string>();
  let n = 0;
  for (const { method, path, operation } of world.contract.operations()) {
    const rateClass = operation['x-rate-class'];
    assert.ok(rateClass, `${method} ${path} has a class`);
    seen.add(rateClass);
    n += 1;
    const call = () => world.nobody.call(method, path.replace(/\{[a-z_]+\}/g, 'x'), undefined, from(`192.0.2.${n}`));
    for (let i = 0; i < 3; i++) assert.notEqual((await call()).status, 429, `${method} ${path}, request ${i + 1}`);
    assertLimited(await call(), `${method} ${path}`, method === 'HEAD' ? '' : undefined);
  }
  assert.deepEqual([...seen].filter((name) => !name.startsWith('viewer_')).sort(), [...classes].sort());
});

test('classes and peers are counted apart, and a refused request is refused before anything else is looked at', async () => {
  const call = (client: Client, path: string, peer: string) => client.call('GET', path, undefined, from(peer));
  for (let i = 0; i < 3; i++) await call(world.ada, '/v1/account', '198.51.100.1');
  assertLimited(await call(world.ada, '/v1/account', '198.51.100.1'), 'the fourth');
  assertLimited(await call(world.nobody, '/v1/account', '198.51.100.1'), 'before the session is looked at');
  assert.equal((await call(world.ada, '/v1/incidents', '198.51.100.1')).status, 200, 'another class');
  assert.equal((await call(world.ada, '/v1/account', '198.51.100.2')).status, 200, 'another peer');
});

test('a customer of IPv6 is a /64, and IPv4 in IPv6 clothes is IPv4', async () => {
  const call = (peer: string) => world.ada.call('GET', '/v1/account', undefined, from(peer));
  for (const host of ['1', '2', 'ffff:1']) assert.equal((await call(`2001:db8:1:1::${host}`)).status, 200);
  assertLimited(await call('2001:db8:1:1:0:0:0:9'), 'the same /64');
  assert.equal((await call('2001:db8:1:2::1')).status, 200);
  for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '203.0.113.9'])
    assert.equal((await call(address)).status, 200);
  assertLimited(await call('::ffff:203.0.113.9'), 'the same address');
});

test('only what trusted proxies say counts: from the right, up to the first stranger', async () => {
  const call = (forwarded: string) => world.ada.call('GET', '/v1/account', undefined, from(forwarded));
  for (const forged of ['1.1.1.1', '2.2.2.2', '3.3.3.3'])
    assert.equal((await call(`${forged}, 203.0.113.50, 10.1.2.3`)).status, 200);
  assertLimited(await call('4.4.4.4, 203.0.113.50, 10.9.9.9'), 'a forged first hop does not help');
  for (const forged of ['x', 'unknown', '1.2.3.4:80', '']) await call(forged);
  assertLimited(await call('not an address'), 'what is no address is the proxy itself');
});

test('viewer pages, data and files have limits of their own, with a page for people', async () => {
  let n = 0;
  const get = (path: string, peer: string) => fetch(`${world.server.url}${path}`, { headers: from(peer) });
  for (const [path, type] of [
    ['/i/x', 'text/html'],
    ['/i/x/data', 'application/json'],
    ['/e/x', 'text/html'],
    ['/static/x/viewer.css', 'application/json'],
  ] as const) {
    n += 1;
    const peer = `192.0.2.${200 + n}`;
    for (let i = 0; i < 3; i++) assert.notEqual((await get(path, peer)).status, 429, path);
    const answer = await get(path, peer);
    assert.equal(answer.status, 429, path);
    assert.match(answer.headers.get('content-type') ?? '', new RegExp(type));
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  }
});

test('without a trusted proxy a forged X-Forwarded-For changes nothing; 0 switches a class off', async () => {
  const server: TestServer = await startServer({
    dataDir: `${world.server.dataDir}/plain`,
    env: { ...env, SAFE_TRUSTED_PROXIES: '', SAFE_MAIN_API_RATE_LIMIT_TOKEN: '0' },
  });
  try {
    const call = (path: string, address: string) =>
      fetch(`${server.url}${path}`, { method: 'POST', headers: { ...from(address), forwarded: `for=${address}` } });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await call('/v1/auth/logout', `203.0.113.${i}`)).status);
    assert.deepEqual(statuses, [503, 503, 503, 429, 429]);
    for (let i = 0; i < 6; i++) assert.equal((await call('/v1/incident-tokens/x/revoke', '203.0.113.1')).status, 503);
  } finally {
    await server.stop();
  }
});

test('the defaults are those of the contract', async () => {
  const expected = {
    ...{
      auth: 30,
      account: 120,
      incident_read: 300,
      incident_write: 120,
      upload: 120,
      reconcile: 120,
      stream: 120,
      token: 60,
    },
    ...{ download: 30, admin: 60, viewer_page: 60, viewer_data: 300, viewer_download: 12, viewer_static: 600 },
  };
  for (const [name, value] of Object.entries(expected))
    assert.equal(rateLimitSettings[name as keyof typeof expected].default, String(value), name);
  const shown: CliResult = await cli(['config', '--json']);
  const config = JSON.parse(shown.stdout);
  assert.deepEqual(config.SAFE_MAIN_API_RATE_LIMIT_WINDOW, { value: '1m', origin: 'default' });
  assert.deepEqual(config.SAFE_PUBLIC_VIEWER_RATE_LIMIT_DOWNLOAD, { value: '12', origin: 'default' });
});
