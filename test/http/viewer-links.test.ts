import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('links', { SAFE_DEFAULT_INCIDENT_TOKEN_TTL: '2h' });
});
after(() => world.close());

test('a link has a token that is shown once, and an end that is default, given or none', async () => {
  const incident = await world.ada.incident();
  const make = (body?: unknown) => world.ada.post(`/v1/incidents/${incident}/incident-tokens`, body);
  const plain = await make();
  assert.equal(plain.status, 201);
  assert.match(plain.body.token_id, /^itk_[0-9a-z]{26}$/);
  assert.match(plain.body.token, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(Object.keys(plain.body), ['token_id', 'incident_id', 'token', 'created_at', 'expires_at']);
  assert.equal(Date.parse(plain.body.expires_at) - Date.parse(plain.body.created_at), 2 * 3_600_000);
  assert.equal(plain.headers.get('cache-control'), 'no-store');
  const given = await make({ label: 'For Grace', expires_at: '2099-01-01T01:00:00+01:00' });
  assert.deepEqual([given.body.label, given.body.expires_at], ['For Grace', '2099-01-01T00:00:00.000Z']);
  const endless = await make({ expires_at: null });
  assert.equal('expires_at' in endless.body, false);
  for (const bad of ['2020-01-01T00:00:00Z', 'tomorrow', '', 5, '2099-02-30T00:00:00Z'])
    assert.equal((await make({ expires_at: bad })).code, 'invalid_request', String(bad));
  assert.equal(new Set([plain, given, endless].map(({ body }) => body.token)).size, 3);
});

test('a link is withdrawn once, by the owner or an administrator and nobody else', async () => {
  const incident = await world.ada.incident();
  const make = async () => (await world.ada.post(`/v1/incidents/${incident}/incident-tokens`)).body.token_id;
  const one = await make();
  const revoke = (client: typeof world.ada, id: string) => client.post(`/v1/incident-tokens/${id}/revoke`);
  const foreign = await revoke(world.bob, one);
  assert.deepEqual([foreign.status, foreign.code], [404, 'incident_token_not_found']);
  const done = await revoke(world.ada, one);
  assert.deepEqual([done.status, done.body], [200, { token_id: one, revoked: true }]);
  assert.equal((await revoke(world.ada, one)).code, 'incident_token_not_found');
  assert.equal((await revoke(world.ada, 'itk_nothing')).code, 'incident_token_not_found');
  assert.equal((await revoke(world.root, await make())).status, 200);
});

test('links are made for closed incidents, and not for those under deletion', async () => {
  const incident = await world.ada.incident();
  await world.ada.post(`/v1/incidents/${incident}/close`);
  const path = `/v1/incidents/${incident}/incident-tokens`;
  assert.equal((await world.ada.post(path)).status, 201);
  await world.ada.post(`/v1/incidents/${incident}/deletion`);
  assert.equal((await world.ada.post(path)).code, 'incident_deleting');
});

test('a link opens the data and the bundles of its incident, by both spellings, and nothing that is private', async () => {
  const incident = await world.ada.incident({ client_label: 'Walk', notes: 'private-notes' });
  const { id } = await world.ada.filledStream(incident, 2);
  await world.ada.complete(incident, id, 2);
  const open = await world.ada.filledStream(incident, 1, 'audio');
  await world.ada.post(`/v1/incidents/${incident}/checkins`, { device_battery_percent: 5 });
  const { token } = (await world.ada.post(`/v1/incidents/${incident}/incident-tokens`)).body;
  const { status, body } = await world.nobody.get(`/i/${token}/data`);
  assert.equal(status, 200);
  assert.deepEqual(body.chunk_count_by_media_type, { video: 2, audio: 1 });
  assert.equal(body.latest_chunk_by_media_type.video.chunk_index, 2);
  assert.deepEqual(
    body.completed_streams.map((stream: { id: string }) => stream.id),
    [id],
  );
  assert.equal(body.latest_checkin.device_battery_percent, 5);
  assert.doesNotMatch(JSON.stringify(body), /private-notes|owner|acct_|stored_path|token/);
  for (const prefix of ['/i', '/e']) {
    assert.equal((await fetch(`${world.server.url}${prefix}/${token}`)).status, 200);
    assert.equal((await fetch(`${world.server.url}${prefix}/${token}/data`)).status, 200);
    for (const path of [`streams/${id}/download`, 'incident/download']) {
      const response = await fetch(`${world.server.url}${prefix}/${token}/${path}`);
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/zip'], path);
      await response.arrayBuffer();
    }
  }
  assert.equal((await world.nobody.get(`/i/${token}/streams/${open.id}/download`)).code, 'stream_not_complete');
  const other = await world.ada.incident();
  const foreign = await world.ada.filledStream(other, 1);
  assert.equal((await world.nobody.get(`/i/${token}/streams/${foreign.id}/download`)).code, 'stream_not_found');
  assert.equal((await world.nobody.as(token).get('/v1/account')).status, 401, 'a viewer token is no session');
});

test('nothing tells a wrong, expired, withdrawn or deleted link from another', async () => {
  const make = async () => {
    const incident = await world.ada.incident();
    return { incident, ...(await world.ada.post(`/v1/incidents/${incident}/incident-tokens`)).body };
  };
  const [expired, revoked, deleting] = [await make(), await make(), await make()];
  await world.rows(async (query) => {
    const past = new Date(Date.now() - 1_000).toISOString();
    await query('UPDATE incident_tokens SET expires_at = ? WHERE id = ?', past, expired.token_id);
  });
  await world.ada.post(`/v1/incident-tokens/${revoked.token_id}/revoke`);
  await world.ada.post(`/v1/incidents/${deleting.incident}/deletion`, { allow_open: true });
  const texts = new Set<string>();
  for (const token of [
    expired.token,
    revoked.token,
    deleting.token,
    'x'.repeat(43),
    'x',
    '%00',
    world.ada.token,
    expired.token_id,
  ]) {
    for (const path of ['data', 'incident/download', 'streams/x/download']) {
      const answer = await world.nobody.get(`/i/${token}/${path}`);
      assert.deepEqual([answer.status, answer.code], [404, 'incident_token_invalid'], `${token} ${path}`);
      texts.add(JSON.stringify(answer.body));
    }
    assert.equal((await fetch(`${world.server.url}/i/${token}`)).status, 404);
  }
  assert.equal(texts.size, 1);
});
