import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { resolutionText, resolvedChunksAtMost } from '#features/incidents/index.ts';
import { resolveEvidence, resolveEvidenceInTurns } from '#kit/evidence/resolve-evidence.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { insertGroup } from './support/group-rows.ts';
import { longGroup } from './support/long-group.ts';

let world: World;
before(async () => {
  world = await openWorld('huge-group');
});
after(() => world.close());

test('while hours of evidence are put in order, everybody else is answered', async () => {
  const incident = await world.ada.incident();
  const rows = longGroup('long', 3);
  await world.rows((query) => insertGroup(query, { incidentId: incident, groupId: 'cgr_long' }, rows));
  let [answered, done] = [0, false];
  const resolution = world.ada.get(`/v1/incidents/${incident}/capture-groups/cgr_long/resolution`).finally(() => {
    done = true;
  });
  while (!done) {
    assert.equal((await world.ada.get('/v1/incidents?limit=1')).status, 200);
    answered += 1;
  }
  const { bytes, status } = await resolution;
  assert.equal(status, 200);
  assert.equal(bytes.toString(), await resolutionText(resolveEvidence(rows)));
  assert.ok(answered > 5, `${answered} answers meanwhile`);
});

test('in turns the answer is the same, and no turn is long', async () => {
  const rows = longGroup('turns', 1);
  let turns = 0;
  const resolution = await resolveEvidenceInTurns(rows, async () => {
    turns += 1;
  });
  assert.deepEqual(resolution, resolveEvidence(rows));
  assert.ok(turns >= resolution.segments.length / 250);
});

test('a group of more chunks than are looked through says so, and nothing else suffers from it', async () => {
  const incident = await world.ada.incident();
  const small = longGroup('small', 0.01);
  await world.rows(async (query) => {
    await insertGroup(query, { incidentId: incident, groupId: 'cgr_huge' }, small);
    await query('UPDATE media_streams SET chunk_count = 1 WHERE incident_id = ?', incident);
    await query(
      'UPDATE media_streams SET chunk_count = ? WHERE id = ?',
      resolvedChunksAtMost,
      'str_small_live_preview',
    );
  });
  const path = `/v1/incidents/${incident}`;
  const refused = await world.ada.get(`${path}/capture-groups/cgr_huge/resolution`);
  assert.deepEqual([refused.status, refused.code], [409, 'capture_group_too_large']);
  assert.equal((await world.ada.get(`${path}/capture-groups/cgr_huge`)).status, 200);

  const { body } = await world.ada.post(`${path}/incident-tokens`, {});
  const page = await fetch(`${world.server.url}/i/${body.token}`);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /50,003 parts are confirmed: too many to be shown as a timeline here/);
  const timeline = await world.nobody.get(`/i/${body.token}/capture-groups/cgr_huge/timeline`);
  assert.deepEqual([timeline.status, timeline.code], [409, 'capture_group_too_large']);

  await world.rows(async (query) => {
    await query(
      'UPDATE media_streams SET chunk_count = ? WHERE id = ?',
      resolvedChunksAtMost - 3,
      'str_small_live_preview',
    );
  });
  const resolved = await world.ada.get(`${path}/capture-groups/cgr_huge/resolution`);
  assert.equal(resolved.status, 200);
});
