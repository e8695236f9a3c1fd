import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Api, api, openIncident, openStream, signIn } from '../support/api.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('viewer-http');
let server: TestServer;
let ada: Api;
const tokens: string[] = [];

before(async () => {
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path, env: { SAFE_DELETION_WORKER_INTERVAL: '0' } });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  assert.equal(await server?.stop(), 0);
  for (const token of tokens) assert.ok(!server.log().includes(token), 'a viewer token stands in the log');
  assert.ok(server.log().includes('"route":"/i/:token"'), 'the log has the pattern');
  folder.remove();
});

async function newToken(incident: string, fields: Record<string, unknown> = {}) {
  const { token, token_id } = (await ada.call('POST', `/v1/incidents/${incident}/incident-tokens`, fields)).body;
  tokens.push(token);
  return { token, id: token_id };
}

const nobody = () => api(server.url);

test('data has exactly the fields of the contract', async () => {
  const incident = await openIncident(ada);
  const { token } = await newToken(incident);
  const empty = (await nobody().call('GET', `/i/${token}/data`)).body;
  assert.deepEqual(Object.keys(empty).sort(), [
    'capture_groups',
    'chunk_count_by_media_type',
    'completed_streams',
    'generated_at',
    'incident',
    'latest_chunk_by_media_type',
    'media',
    'more_capture_groups',
    'streams',
    'warning',
  ]);
  assert.deepEqual(Object.keys(empty.incident).sort(), ['created_at', 'id', 'status', 'updated_at']);

  const video = await openStream(ada, incident, 'video');
  const more = await openStream(ada, incident, 'video');
  for (const [stream, count] of [
    [video, 3],
    [more, 1],
  ] as const)
    for (let i = 1; i <= count; i++) await ada.putChunk(incident, stream, i, randomBytes(100 * i));
  await ada.call('POST', `/v1/incidents/${incident}/streams/${video}/complete`, { expected_chunk_count: 3 });
  await ada.call('POST', `/v1/incidents/${incident}/checkins`, { device_battery_percent: 7 });
  const full = (await nobody().call('GET', `/e/${token}/data`)).body;
  assert.deepEqual(full.chunk_count_by_media_type, { video: 4 });
  assert.equal(full.latest_chunk_by_media_type.video.stream_id, more);
  assert.equal(full.media[0].chunk_count, 4);
  assert.deepEqual(
    full.streams.map((stream: { chunk_count: number; total_bytes: number }) => [
      stream.chunk_count,
      stream.total_bytes,
    ]),
    [
      [3, 600],
      [1, 100],
    ],
  );
  assert.deepEqual(
    full.completed_streams.map((stream: { id: string }) => stream.id),
    [video],
  );
  assert.equal(full.latest_checkin.device_battery_percent, 7);
  assert.ok(!JSON.stringify(full).includes('stored_path'));
});

test('whatever is wrong with a link, the answer is the same: a page for people, JSON for programs', async () => {
  const incident = await openIncident(ada);
  const revoked = await newToken(incident);
  await ada.call('POST', `/v1/incident-tokens/${revoked.id}/revoke`);
  const expired = await newToken(incident, { expires_at: new Date(Date.now() + 1_000).toISOString() });
  const doomed = await openIncident(ada);
  const deleting = await newToken(doomed);
  await ada.call('POST', `/v1/incidents/${doomed}/deletion`, { allow_open: true });
  await new Promise((resolve) => setTimeout(resolve, 1_100));

  const answers = new Set<string>();
  for (const token of [
    revoked.token,
    expired.token,
    deleting.token,
    'unknown',
    '%2e%2e%2f',
    '%00',
    'a'.repeat(5_000),
  ]) {
    const page = await nobody().call('GET', `/i/${token}`);
    assert.equal(page.status, 404);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    answers.add(page.body);
    for (const path of ['data', 'incident/download', 'streams/str_x/download', 'capture-groups/cgr_x/timeline']) {
      const answer = await nobody().call('GET', `/i/${token}/${path}`);
      assert.deepEqual([answer.status, answer.body.error.code], [404, 'incident_token_invalid'], path);
    }
  }
  assert.equal(answers.size, 1, 'all refusals look alike');
});

test('pages carry the strict headers, and the token stands only in relative links', async () => {
  const incident = await openIncident(ada);
  const { token } = await newToken(incident);
  const stream = await openStream(ada, incident);
  await ada.putChunk(incident, stream, 1, randomBytes(10));
  await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/complete`, { expected_chunk_count: 1 });
  for (const path of [`/i/${token}`, `/i/${token}/data`, `/i/${token}/incident/download`, '/i/wrong']) {
    const { headers } = await nobody().call('GET', path);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    const policy = headers.get('content-security-policy') ?? '';
    assert.ok(policy.startsWith("default-src 'none';") && !policy.includes('unsafe'), policy);
    assert.match(headers.get('permissions-policy') ?? '', /camera=\(\), microphone=\(\), geolocation=\(\)/);
  }
  const page: string = (await nobody().call('GET', `/i/${token}`)).body;
  const links = page.match(new RegExp(`href="${token}/[^"]*"`, 'g')) ?? [];
  assert.equal(page.split(token).length - 1, links.length);
  assert.ok(links.length > 0);
  assert.doesNotMatch(page, /<script>|<style|\son[a-z]+=|style="/, 'nothing inline');
});

test('only reading exists, and HEAD costs no bytes', async () => {
  const incident = await openIncident(ada);
  const { token } = await newToken(incident);
  const stream = await openStream(ada, incident);
  await ada.putChunk(incident, stream, 1, randomBytes(10));
  await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/complete`, { expected_chunk_count: 1 });
  for (const path of ['', '/data', '/incident/download', `/streams/${stream}/download`]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      assert.equal((await nobody().call(method, `/i/${token}${path}`)).status, 405, `${method} ${path}`);
    const head = await fetch(`${server.url}/i/${token}${path}`, { method: 'HEAD' });
    assert.deepEqual([head.status, (await head.arrayBuffer()).byteLength], [200, 0], `HEAD ${path}`);
  }
});

test('static files may be kept for ever under their hash, and nothing else is served beside them', async () => {
  const incident = await openIncident(ada);
  const page: string = (await nobody().call('GET', `/i/${(await newToken(incident)).token}`)).body;
  const files = [...page.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(files.length >= 3, files.join());
  for (const file of files) {
    const answer = await nobody().call('GET', file);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  }
  const [first = ''] = files;
  const otherVersion = await nobody().call('GET', first.replace(/^\/static\/[^/]+/, '/static/older'));
  assert.deepEqual([otherVersion.status, otherVersion.headers.get('cache-control')], [200, 'no-store']);
  for (const name of ['viewer.routes.ts', '..%2fviewer.routes.ts', '%2e%2e/package.json', 'constructor', '__proto__'])
    assert.equal((await nobody().call('GET', `/static/x/${name}`)).status, 404, name);
});

test('each listener has its own pages and none of the other', async () => {
  const incident = await openIncident(ada);
  const { token } = await newToken(incident);
  for (const path of [`/i/${token}`, `/i/${token}/data`, `/e/${token}`, '/v1/account', '/static/x/viewer.css'])
    assert.equal((await api(server.adminUrl).call('GET', path)).status, 404, `${path} on admin`);
  for (const path of [
    '/admin',
    '/admin/login',
    '/admin/bootstrap',
    '/admin/health/live',
    '/metrics',
    '/admin/static/x/admin.css',
  ])
    assert.equal((await nobody().call('GET', path)).status, 404, `${path} on main`);
});

test('who asks for a page too often gets a page that says when to come back', async () => {
  const limited = scratchFolder('viewer-limit');
  await createAccount(limited.path, 'ada', 'admin');
  const other = await startServer({
    dataDir: limited.path,
    env: { SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED: 'true', SAFE_PUBLIC_VIEWER_RATE_LIMIT_PAGE: '2' },
  });
  const ask = () => api(other.url).call('GET', '/i/wrong');
  assert.deepEqual([(await ask()).status, (await ask()).status], [404, 404]);
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match(refused.body, /Too many visits/);
  await other.stop();
  limited.remove();
});
