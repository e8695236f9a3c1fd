import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertHeaders } from './support/contract.ts';
import { sendRaw } from './support/raw.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('listeners');
});
after(() => world.close());

const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

test('health, metrics and admin pages are not on the main listener', async () => {
  for (const path of [
    '/admin',
    '/admin/',
    '/admin/health/live',
    '/admin/health/ready',
    '/metrics',
    '/admin/bootstrap',
  ]) {
    for (const method of ['GET', 'POST']) {
      const answer = await world.nobody.call(method, path);
      assert.deepEqual([answer.status, answer.code], [404, 'not_found'], `${method} ${path}`);
    }
  }
});

test('API, viewer and reference are not on the admin listener', async () => {
  const paths = [
    '/v1/account',
    '/v1/incidents',
    '/v1/admin/accounts',
    '/i/x',
    '/e/x',
    '/i/x/data',
    '/openapi.json',
    '/reference',
  ];
  for (const path of paths) {
    const response = await fetch(`${world.server.adminUrl}${path}`);
    assertHeaders(response.headers, path);
    assert.deepEqual([response.status, await codeOf(response)], [404, 'not_found'], path);
  }
});

test('the admin listener answers health and metrics, and says no more than fixed words', async () => {
  const live = await fetch(`${world.server.adminUrl}/admin/health/live`);
  assert.deepEqual([live.status, await live.json()], [200, { status: 'ok' }]);
  const ready = await fetch(`${world.server.adminUrl}/admin/health/ready`);
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), {
    status: 'ready',
    checks: { metadata: 'ok', blobs: 'ok', coordination: 'ok' },
  });
  await world.ada.incident();
  const metrics = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  assert.match(metrics, /proofline_http_requests_total\{[^}]*route="\/v1\/incidents"/);
  assert.doesNotMatch(metrics, /inc_[0-9a-z]{26}|acct_/);
});

test('paths are taken literally: no other case, no doubled or closing slash, no dots, no encoded slash', async () => {
  for (const path of [
    '/v1/incidents/',
    '/V1/incidents',
    '//v1/incidents',
    '/v1//incidents',
    '/v1/incidents%2f',
    '/',
    '/v1',
  ]) {
    const answer = await world.ada.get(path);
    assert.deepEqual([answer.status, answer.code], [404, 'not_found'], path);
  }
  const dots = await sendRaw(world.server.url, [
    'GET /v1/../admin/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ]);
  assert.equal(dots.status, 404);
});

test('an id that is no id is an object that does not exist, whatever is in it', async () => {
  for (const id of [
    'x',
    'inc_',
    '%00',
    "'%20OR%201=1",
    '..%2f..%2fetc',
    '%f0%9f%94%a5',
    '__proto__',
    'a'.repeat(4_000),
  ]) {
    const answer = await world.ada.get(`/v1/incidents/${id}`);
    assert.deepEqual([answer.status, answer.code], [404, 'incident_not_found'], id.slice(0, 40));
  }
});

test('HEAD answers as GET does, without the body', async () => {
  const incident = await world.ada.incident();
  const answer = await world.ada.call('HEAD', `/v1/incidents/${incident}`);
  assert.deepEqual([answer.status, answer.bytes.length], [200, 0]);
  const { id } = await world.ada.filledStream(incident, 2);
  await world.ada.complete(incident, id, 2);
  const bundle = await world.ada.call('HEAD', `/v1/incidents/${incident}/streams/${id}/download`);
  assert.deepEqual([bundle.status, bundle.bytes.length], [200, 0]);
  assert.ok(Number(bundle.headers.get('content-length')) > 2_000);
});

test('what is not HTTP, or too much of it, still gets a readable answer', async () => {
  const cases: [string, string, number][] = [
    ['not a request', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST /v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400],
    [
      'length and chunks',
      'POST /v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['bad chunk size', 'POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['header with a line end', 'GET /v1/account HTTP/1.1\r\nHost: x\r\nA: b\n c\r\n\r\n', 400],
    ['huge header', `GET /v1/account HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    ['no host', 'GET /v1/account HTTP/1.1\r\n\r\n', 400],
  ];
  for (const [name, request, status] of cases) {
    const answer = await sendRaw(world.server.url, [request], 1_500);
    assert.equal(answer.status, status, `${name}: ${answer.text.slice(0, 200)}`);
    assert.notEqual(answer.code, '', `${name}: ${answer.text.slice(0, 400)}`);
  }
  assert.equal((await world.ada.get('/v1/account')).status, 200, 'and the server lives');
});

test('a refusal before the body was read is an answer, not a reset connection', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  await world.ada.post(`/v1/incidents/${incident}/close`);
  const large = Buffer.alloc(8_000_000, 1);
  const refused = await world.ada.put(incident, stream, 1, large);
  assert.deepEqual([refused.status, refused.code], [409, 'incident_closed']);
  const anonymous = await world.nobody.put(incident, stream, 1, large);
  assert.deepEqual([anonymous.status, anonymous.code], [401, 'authentication_required']);
  assert.equal(anonymous.headers.get('www-authenticate'), 'Bearer');
});

test('a client that asks first is told 100 only where its body is wanted', async () => {
  const head = (token: string) =>
    `POST /v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
  const wanted = await sendRaw(world.server.url, [head(world.ada.token)], 700);
  assert.match(wanted.text, /^HTTP\/1\.1 100 Continue/);
  const refused = await sendRaw(world.server.url, [head('nonsense')], 700);
  assert.equal(refused.status, 401);
});
