import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { currentCell, notHere } from '../support/cells.ts';
import { cli } from '../support/server.ts';
import { tableNames } from '../support/stored-rows.ts';
import { bytesOf } from './support/client.ts';
import { openWorld, until, type World } from './support/world.ts';

const retention = {
  SAFE_CLOSED_INCIDENT_RETENTION: '1h',
  SAFE_TOKEN_METADATA_RETENTION: '2h',
  SAFE_DELETION_TOMBSTONE_RETENTION: '3h',
};
let world: World;
before(async () => {
  world = await openWorld('deletion', { SAFE_DELETION_WORKER_INTERVAL: '150ms', ...retention });
});
after(() => world.close());

const path = (incident: string, prefix = '/v1') => `${prefix}/incidents/${incident}/deletion`;
const stateOf = async (incident: string) => (await world.ada.get(path(incident))).body.deletion?.state;
const deleted = (incident: string) =>
  until(async () => ((await stateOf(incident)) === 'deleted' ? true : undefined), 'deletion');
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

test('a deletion is decided once; repeats and other askers get the same decision', async () => {
  const incident = await world.ada.incident();
  await world.ada.filledStream(incident, 2);
  const nothing = await world.ada.get(path(incident));
  assert.deepEqual([nothing.status, nothing.code], [404, 'incident_deletion_not_found']);
  const open = await world.ada.post(path(incident));
  assert.deepEqual([open.status, open.code], [409, 'incident_open']);
  const decided = await world.ada.post(path(incident), { allow_open: true, reason_code: 'user.asked:1' });
  assert.equal(decided.status, 202);
  const { deletion } = decided.body;
  assert.match(deletion.decision_id, /^del_[0-9a-z]{26}$/);
  assert.deepEqual(deletion, {
    decision_id: deletion.decision_id,
    incident_id: incident,
    source: 'account_request',
    reason_code: 'user.asked:1',
    actor_account_id: world.accounts.ada,
    allow_open: true,
    state: 'deletion_pending',
    item_count: 2,
    requested_at: deletion.requested_at,
    updated_at: deletion.requested_at,
  });
  const again = await world.ada.post(path(incident), { reason_code: 'another' });
  const admin = await world.root.post(path(incident, '/v1/admin'), { allow_open: true });
  for (const repeat of [again, admin]) {
    const { state: _, updated_at: __, ...same } = repeat.body.deletion;
    const { state: ___, updated_at: ____, ...first } = deletion;
    assert.deepEqual([repeat.status, same], [202, first]);
  }
  await deleted(incident);
  assert.equal((await world.ada.post(path(incident))).body.deletion.state, 'deleted');
});

test('deletion takes the bytes and every word of the client, and leaves a tombstone', async () => {
  const incident = await world.ada.incident({
    client_label: 'label-to-forget',
    notes: 'notes-to-forget',
    incident_mode: 'emergency',
  });
  const { id } = await world.ada.filledStream(incident, 3);
  await world.ada.complete(incident, id, 3);
  await world.ada.post(`/v1/incidents/${incident}/checkins`, { device_network: 'network-to-forget' });
  await world.ada.post(`/v1/incidents/${incident}/incident-tokens`, { label: 'link-to-forget' });
  await world.ada.post(`/v1/incidents/${incident}/close`);
  const left = () => world.blobs.list(`incidents/${incident}`);
  assert.equal((await left()).length, 3);
  await world.ada.post(path(incident));
  await deleted(incident);
  assert.deepEqual(await left(), []);
  if (currentCell.blobs === 'disk')
    assert.equal(existsSync(join(world.server.dataDir, 'blobs', 'incidents', incident)), false, 'nor the folder');
  const { body } = await world.ada.get(`/v1/incidents/${incident}`);
  assert.deepEqual([body.streams, body.chunks, body.checkins], [[], [], []]);
  assert.equal(body.incident.deletion_state, 'deleted');
  for (const gone of ['client_label', 'notes', 'incident_mode']) assert.equal(gone in body.incident, false, gone);
  await world.rows(async (query) => {
    for (const name of await tableNames(query))
      assert.doesNotMatch(JSON.stringify(await query(`SELECT * FROM "${name}"`)), /to-forget/, name);
  });
});

test('the owner deletes through one path and administrators through theirs', async () => {
  const incident = await world.ada.incident();
  assert.equal(
    (await world.root.post(path(incident), { allow_open: true })).code,
    'incident_not_found',
    "not as the owner's own wish",
  );
  const decided = await world.root.post(path(incident, '/v1/admin'), { allow_open: true });
  assert.deepEqual(
    [decided.status, decided.body.deletion.source, decided.body.deletion.actor_account_id],
    [202, 'admin_request', world.accounts.root],
  );
  assert.equal((await world.root.get(path(incident, '/v1/admin'))).status, 200);
  assert.equal((await world.ada.get(path(incident))).body.deletion.source, 'admin_request', 'the owner may see it');
  assert.equal((await world.root.get(path('inc_nothing', '/v1/admin'))).code, 'incident_not_found');
});

test('a reason is short and of few characters', async () => {
  const incident = await world.ada.incident();
  for (const reason_code of ['', 'a b', 'x'.repeat(65), 'ä', '<b>', 5])
    assert.equal((await world.ada.post(path(incident), { reason_code })).code, 'invalid_request', String(reason_code));
  assert.equal((await world.ada.post(path(incident), { allow_open: 'yes' })).code, 'invalid_request');
  assert.equal((await world.ada.get(path(incident))).code, 'incident_deletion_not_found');
});

test('from the decision on, every write, bundle and link is refused and reading is not', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 1);
  const done = await world.ada.filledStream(incident, 1);
  await world.ada.complete(incident, done.id, 1);
  await world.ada.post(path(incident), { allow_open: true });
  const base = `/v1/incidents/${incident}`;
  const answers = await Promise.all([
    world.ada.post(`${base}/close`),
    world.ada.post(`${base}/checkins`),
    world.ada.post(`${base}/streams`, { media_type: 'audio' }),
    world.ada.post(`${base}/streams/${id}/fail`),
    world.ada.complete(incident, id, 1),
    world.ada.put(incident, id, 2, bytesOf(10)),
    world.ada.post(`${base}/incident-tokens`),
    world.ada.get(`${base}/download`),
    world.ada.get(`${base}/streams/${done.id}/download`),
    world.ada.get(`${base}/chunks/video/0`),
    world.root.post(`/v1/admin/incidents/${incident}/owner`, { account_id: world.accounts.bob }),
  ]);
  for (const answer of answers)
    assert.ok(['incident_deleting', 'stream_not_found', 'chunk_not_found'].includes(answer.code), answer.code);
  assert.equal((await world.ada.get(base)).status, 200);
  await deleted(incident);
});

test('what cannot be removed is tried again until it can, and until then nothing is called deleted', async (t) => {
  if (notHere(t, { blobs: 'disk' }, 'no object stands in the way of its removal')) return;
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 3);
  // A folder in the place of a blob: no unlink removes that, not even for root.
  const blob = join(world.server.dataDir, 'blobs', 'incidents', incident, 'streams', id, 'video_000002.enc');
  rmSync(blob);
  mkdirSync(join(blob, 'in-the-way'), { recursive: true });
  await world.ada.post(path(incident), { allow_open: true });
  await until(async () => ((await stateOf(incident)) === 'deletion_failed' ? true : undefined), 'failure');
  const { incident: shown } = (await world.ada.get(`/v1/incidents/${incident}`)).body;
  assert.match(shown.deletion_state, /^(deletion_failed|deleting)$/);
  assert.equal((await world.ada.get(`/v1/incidents/${incident}/download`)).code, 'incident_deleting');
  rmSync(blob, { recursive: true });
  await deleted(incident);
});

test('retention is previewed without a change, and then carried out by the worker', async () => {
  const [old, young, open] = [await world.ada.incident(), await world.ada.incident(), await world.ada.incident()];
  const stream = await world.ada.filledStream(old, 2, 'video', 500);
  await world.ada.complete(old, stream.id, 2);
  const held = await world.ada.incident();
  for (const id of [old, young, held]) await world.ada.post(`/v1/incidents/${id}/close`);
  const checks = `/v1/incidents/${held}/safety-checks`;
  const due = new Date(Date.now() + 3_600_000).toISOString();
  const check = (await world.ada.post(checks, { due_at: due })).body.safety_check.id;
  const link = (await world.ada.post(`/v1/incidents/${young}/incident-tokens`)).body.token_id;
  await world.ada.post(`/v1/incident-tokens/${link}/revoke`);
  const gone = await world.ada.incident();
  await world.ada.post(path(gone), { allow_open: true });
  await deleted(gone);
  const env = { SAFE_DATA_DIR: world.server.dataDir, ...retention };
  const preview = async () => JSON.parse((await cli(['retention', 'preview', '--json'], env)).stdout);
  const { rules, ...nothing } = await preview();
  assert.equal(rules.length, 5);
  const none = { viewerLinks: 0, sessions: 0, tombstones: [] };
  assert.deepEqual(nothing, { modeRetention: 'off', incidents: [], held: [], ...none });

  // A clock cannot be turned by a request. The worker is quick, so all that is old becomes old in one transaction,
  // and the preview looks at a copy of the settings without the worker: it runs beside the server.
  await world.rows(async (query) => {
    for (const id of [old, held]) await query('UPDATE incidents SET closed_at = ? WHERE id = ?', hoursAgo(1.5), id);
    await query('UPDATE incident_tokens SET revoked_at = ? WHERE id = ?', hoursAgo(2.5), link);
    await query('UPDATE incident_deletion_decisions SET deleted_at = ? WHERE incident_id = ?', hoursAgo(3.5), gone);
  });
  await until(
    async () => ((await world.ada.get(path(old))).body.deletion?.state === 'deleted' ? true : undefined),
    'retention',
  );
  const { deletion } = (await world.ada.get(path(old))).body;
  assert.deepEqual(
    [deletion.source, deletion.reason_code, deletion.item_count],
    ['retention_policy', 'closed_incident_retention', 2],
  );
  assert.equal('actor_account_id' in deletion, false);
  await until(
    async () => ((await world.ada.get(`/v1/incidents/${gone}`)).code === 'incident_not_found' ? true : undefined),
    'tombstone',
  );
  await world.rows(async (query) => {
    assert.deepEqual(await query('SELECT id FROM incident_tokens WHERE id = ?', link), []);
  });
  for (const id of [young, open, held])
    assert.equal((await world.ada.get(`/v1/incidents/${id}`)).body.incident.deletion_state, 'active');
  assert.deepEqual(
    (await preview()).held.map(({ id, holds }: { id: string; holds: object[] }) => [id, holds]),
    [[held, [{ kind: 'safety_check', id: check, state: 'active' }]]],
  );
  const metrics = async () => await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  assert.match(await metrics(), /^proofline_retention_incidents\{state="held"\} 1$/m);
  assert.match(await metrics(), /^proofline_retention_decisions_total\{mode="none"\} 1$/m);
  assert.equal((await world.ada.post(`${checks}/${check}/cancel`)).status, 200);
  await deleted(held);
});
