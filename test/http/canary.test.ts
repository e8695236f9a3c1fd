import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { notHere } from '../support/cells.ts';
import { scratchFolder, startServer } from '../support/server.ts';
import { tableNames } from '../support/stored-rows.ts';
import { bytesOf, uploadParts } from './support/client.ts';
import { openWorld, password, type World } from './support/world.ts';

const bootstrap = 'canary-bootstrap-secret-0123456789';
let world: World;
before(async () => {
  world = await openWorld('canary', { SAFE_LOG_LEVEL: 'debug', SAFE_AUTH_BOOTSTRAP_SECRET: bootstrap });
});
after(() => world.close());

test('no secret and no word of a client is in the log, and no token is in a file of the server', async () => {
  const words = {
    label: 'canary-label',
    notes: 'canary-notes',
    filename: 'canary-filename.mp4',
    key: 'canary-idempotency-key',
    network: 'canary-network',
    wrong: 'canary-wrong-password',
    fresh: 'canary new pass phrase',
    query: 'canary-query',
    path: 'canary-path',
    header: 'canary-header',
    reason: 'canary-failure-reason',
    token: 'canary-viewer-token',
  };
  const username = 'canary-username';
  await world.root.post('/v1/admin/accounts', { username, password });
  await world.nobody.post('/v1/auth/login', { username, password: words.wrong });
  const session = await world.nobody.post('/v1/auth/login', { username, password });
  const user = world.nobody.as(session.body.token);
  const incident = await user.incident({ client_label: words.label, notes: words.notes });
  const { stream } = (await user.post(`/v1/incidents/${incident}/streams`, { media_type: 'video', label: words.label }))
    .body;
  const bytes = bytesOf(2_000);
  const fields = { stream_id: stream.id, original_filename: words.filename };
  const key = {
    'idempotency-key': words.key,
    'x-canary': words.header,
    cookie: `a=${words.header}`,
    'user-agent': words.header,
  };
  for (let i = 0; i < 2; i++) await user.form(incident, uploadParts(bytes, fields), key);
  await user.form(incident, uploadParts(bytesOf(10), fields), key);
  await user.post(`/v1/incidents/${incident}/checkins`, { device_network: words.network });
  const link = await user.post(`/v1/incidents/${incident}/incident-tokens`, { label: words.label });
  await user.complete(incident, stream.id, 1);
  for (const token of [link.body.token, words.token]) {
    for (const path of ['', '/data', '/incident/download', `/streams/${stream.id}/download`])
      await fetch(`${world.server.url}/i/${token}${path}?q=${words.query}`, { headers: { referer: words.header } });
  }
  await user.get(`/v1/incidents?cursor=${words.query}`);
  await user.get(`/v1/incidents/${words.path}`);
  await user.get(`/nothing/${words.path}`);
  await user.post('/v1/incidents', `{"notes":"${words.notes}`);
  await user.post('/v1/incidents', { [words.notes]: words.notes });
  await user.post(`/v1/incidents/${incident}/streams/${stream.id}/fail`, { failure_reason: words.reason });
  await user.post('/v1/account/password', { current_password: password, new_password: words.fresh });
  await user.post('/v1/auth/logout');

  const log = world.server.log();
  assert.ok(log.split('\n').length > 20, 'there is a log');
  const secrets = [
    ...Object.values(words),
    password,
    bootstrap,
    session.body.token,
    link.body.token,
    user.token,
    world.root.token,
    world.ada.token,
  ];
  for (const secret of secrets) assert.ok(!log.includes(secret), `the log has ${secret}`);
  assert.doesNotMatch(log, /streams\/str_|video_000001|SELECT |INSERT /i, 'no stored path, no statement');
  assert.ok(!log.includes(world.server.dataDir), 'no path of the machine');

  const tokens = [
    session.body.token,
    link.body.token,
    world.root.token,
    world.ada.token,
    password,
    words.fresh,
    words.key,
    bootstrap,
  ];
  for (const file of readdirSync(world.server.dataDir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const content = readFileSync(join(file.parentPath, file.name));
    for (const token of tokens) assert.ok(!content.includes(token), `${file.name} has ${token}`);
  }
  await world.rows(async (query) => {
    for (const name of await tableNames(query)) {
      const rows = JSON.stringify(await query(`SELECT * FROM "${name}"`));
      for (const token of tokens) assert.ok(!rows.includes(token), `table ${name} has ${token}`);
    }
    const hash = createHash('sha256').update(link.body.token).digest('hex');
    const found = await query('SELECT id FROM incident_tokens WHERE token_hash = ?', hash);
    assert.equal(found.length, 1, 'only its hash');
  });
  const metrics = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  for (const secret of secrets) assert.ok(!metrics.includes(secret), 'nor in the metrics');
});

test('an answer never tells a path, a stack, a statement or a version', async () => {
  const incident = await world.ada.incident();
  const answers = [
    await world.ada.get('/v1/incidents/%ff'),
    await world.ada.get('/%c0%ae%c0%ae/'),
    await world.ada.get("/v1/incidents?limit=1'"),
    await world.ada.post(`/v1/incidents/${incident}/chunks`, 'x', { 'content-type': 'multipart/form-data; boundary=' }),
    await world.ada.call('PATCH', '/v1/incidents'),
  ];
  for (const answer of answers) {
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    assert.doesNotMatch(answer.bytes.toString(), /node_modules|\.ts:|at [A-Za-z]+ \(|SQLITE|\/tmp|\/home|hono/i);
  }
});

test('a database that is no database, and a folder that vanished, are refused in words without a stack', async (t) => {
  if (notHere(t, { metadata: 'sqlite' }, 'it is about the file')) return;
  const folder = scratchFolder('canary-start');
  writeFileSync(
    join(folder.path, 'proofline.db'),
    'this is not a database, and long enough to be read as a header of one',
  );
  await assert.rejects(startServer({ dataDir: folder.path }), (error: Error) => {
    assert.doesNotMatch(error.message, /node_modules|\n {4}at /);
    return true;
  });
  folder.remove();
});
