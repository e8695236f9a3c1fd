import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chunkName } from '../support/stored-blobs.ts';
import type { Query } from '../support/stored-rows.ts';
import { at, captureSession, type Place, sourceHeaders, variants } from './support/capture-session.ts';
import { type Answer, bytesOf, sha256Hex, uploadParts } from './support/client.ts';
import { openWorld, until, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('captures', {
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
    SAFE_DELETION_WORKER_INTERVAL: '150ms',
    SAFE_SUPERSESSION_INTERVAL: '150ms',
  });
});
after(() => world.close());

const session = () => captureSession(world.ada);

const refused = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.code], [status, code]);

test('a group is made, listed and seen by its owner alone', async () => {
  const { incident, group, path } = await session();
  const other = await world.ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'phone-2' });
  const listed = await world.ada.get(`/v1/incidents/${incident}/capture-groups`);
  assert.deepEqual(
    listed.body.capture_groups.map(({ id }: { id: string }) => id),
    [other.body.capture_group.id, group],
  );
  assert.equal((await world.ada.get(path)).body.capture_group.label, 'front');
  for (const end of ['', '/resolution', '/supersessions'])
    refused(await world.bob.get(`${path}${end}`), 404, 'incident_not_found');
  const elsewhere = await world.ada.incident();
  refused(await world.ada.get(`/v1/incidents/${elsewhere}/capture-groups/${group}`), 404, 'capture_group_not_found');
});

test('a variant says all of itself, fits its media type, and lies in a group of its incident', async () => {
  const { incident, group } = await session();
  const open = (fields: Record<string, unknown>, where = incident) =>
    world.ada.post(`/v1/incidents/${where}/streams`, fields);
  const whole = { ...variants.preview, capture_stream_group_id: group };
  for (const field of ['capture_stream_group_id', 'variant_role', 'quality_profile', 'upload_priority'])
    refused(await open({ ...whole, [field]: undefined }), 400, 'invalid_variant');
  refused(await open({ ...whole, variant_role: 'preview_only' }), 400, 'invalid_variant');
  refused(await open({ ...whole, media_type: 'location' }), 400, 'invalid_variant');
  refused(await open({ ...whole, quality_profile: 'location_context' }), 400, 'invalid_variant');
  refused(await open(whole, await world.ada.incident()), 404, 'capture_group_not_found');
  const { body } = await open(whole);
  assert.deepEqual({ ...body.stream, ...whole }, body.stream);
});

test('a chunk says its segment in a stream of a group, and nowhere else', async () => {
  const { incident, stream, put } = await session();
  refused(await world.ada.put(incident, stream('preview'), 1, bytesOf(9)), 400, 'source_mismatch');
  const plain = await world.ada.stream(incident);
  refused(
    await world.ada.put(incident, plain, 1, bytesOf(9), { headers: sourceHeaders({ from: 0, to: 2 }) }),
    400,
    'source_mismatch',
  );
  refused(await put('preview', { from: 0, to: 2, id: 'a place' }), 400, 'invalid_source_segment');
  refused(await put('preview', { from: 0, to: 2, digest: 'abc' }), 400, 'invalid_source_segment');
  refused(await put('preview', { from: 2, to: 0 }), 400, 'invalid_source_range');
  refused(await put('preview', { from: 2, to: 2 }), 400, 'invalid_source_range');
  const ahead = new Date(Date.now() + 6 * 60_000).toISOString();
  refused(
    await world.ada.put(incident, stream('preview'), 1, bytesOf(9), {
      headers: { ...sourceHeaders({ from: 0, to: 2 }), 'proofline-source-ended-at': ahead },
    }),
    400,
    'source_clock_skew',
  );
  assert.equal((await put('preview', { from: 0, to: 2 })).status, 201);
});

test('a segment has one range and one sequence, and a stream one chunk of it', async () => {
  const { put } = await session();
  assert.equal((await put('preview', { from: 0, to: 2, id: 'a' })).status, 201);
  refused(await put('master', { from: 0, to: 3, id: 'a' }), 409, 'source_segment_conflict');
  refused(await put('master', { from: 0, to: 2, id: 'a', sequence: 5 }), 409, 'source_segment_conflict');
  refused(await put('preview', { from: 0, to: 2, id: 'a' }), 409, 'source_segment_conflict');
  assert.equal((await put('master', { from: 0, to: 2, id: 'a' })).status, 201);
});

test('two variants that name one segment at once give it one range', async () => {
  const { put, path } = await session();
  const answers = await Promise.all([
    put('preview', { from: 0, to: 2, id: 'a' }),
    put('master', { from: 0, to: 4, id: 'a' }),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
  assert.deepEqual((await world.ada.get(`${path}/resolution`)).body.conflicts, []);
});

test('the source is part of what a retry must repeat', async () => {
  const { incident, stream } = await session();
  const bytes = bytesOf(40);
  const put = (place: Place) =>
    world.ada.put(incident, stream('preview'), 1, bytes, { headers: sourceHeaders(place), key: 'k-source' });
  assert.equal((await put({ from: 0, to: 2 })).status, 201);
  assert.equal((await put({ from: 0, to: 2 })).status, 200);
  refused(await put({ from: 0, to: 3 }), 409, 'idempotency_conflict');
  refused(await put({ from: 0, to: 2, digest: sha256Hex(bytes) }), 409, 'idempotency_conflict');
});

test('the form takes the source as the streaming way does', async () => {
  const { incident, stream, told } = await session();
  const bytes = bytesOf(40);
  const send = (fields: Record<string, string>) =>
    world.ada.form(incident, uploadParts(bytes, { stream_id: stream('preview'), ...fields }));
  const source = { source_segment_id: 'a', source_sequence: '1', source_started_at: at(0), source_ended_at: at(2) };
  refused(await send({}), 400, 'source_mismatch');
  refused(await send({ ...source, source_ended_at: at(0) }), 400, 'invalid_source_range');
  refused(await send({ ...source, source_sequence: '-1' }), 400, 'invalid_source_segment');
  assert.equal((await send({ ...source, context_digest: sha256Hex(bytes) })).status, 201);
  assert.deepEqual(await told(), ['a live_preview master missing context missing']);
  const unstreamed = uploadParts(bytes, { ...source, chunk_index: '0' });
  refused(await world.ada.form(incident, unstreamed), 400, 'source_mismatch');
});

test('deletion takes the timeline and every decision about it along', async () => {
  const { incident, path, put, stream } = await session();
  await put('preview', { from: 0, to: 2 });
  await put('master', { from: 0, to: 2 });
  const recorded = await world.ada.post(`${path}/supersessions`, {
    superseding: { stream_id: stream('master'), source_segment_id: 'seg:0-2' },
    superseded: { stream_id: stream('preview'), source_segment_id: 'seg:0-2' },
  });
  assert.equal(recorded.status, 201);
  await world.ada.post(`/v1/incidents/${incident}/deletion`, { allow_open: true });
  await until(
    async () =>
      (await world.ada.get(`/v1/incidents/${incident}/deletion`)).body.deletion.state === 'deleted' ? true : undefined,
    'deletion',
  );
  refused(await world.ada.get(path), 404, 'capture_group_not_found');
  await world.rows(async (query) => {
    const groups = await query('SELECT id FROM capture_groups WHERE incident_id = ?', incident);
    assert.deepEqual(groups, []);
    for (const table of ['source_segments', 'chunk_sources', 'supersessions'])
      assert.deepEqual(
        await query(`SELECT * FROM ${table} WHERE capture_group_id = ?`, path.split('/').at(-1) ?? ''),
        [],
      );
  });
});

test('the best that is confirmed is chosen, and what is missing is told', async () => {
  const { incident, put, stream, told, path } = await session();
  const context = bytesOf(30);
  await put('preview', { from: 0, to: 2, digest: sha256Hex(context) });
  await put('preview', { from: 2, to: 4 });
  await put('sound', { from: 6, to: 8 });
  await put('master', { from: 0, to: 2 });
  const head = 'master present context missing';
  assert.deepEqual(await told(), [
    `seg:0-2 live_preview ${head}`,
    'seg:2-4 live_preview master missing context missing',
    'seg:6-8 audio_priority master missing context missing',
  ]);
  await put('place', { from: 0, to: 2 }, context);
  assert.equal((await told())[0], 'seg:0-2 evidence_master master present context shared');
  // A failed stream keeps its chunks, and they are evidence.
  await world.ada.post(`/v1/incidents/${incident}/streams/${stream('preview')}/fail`);
  await put('master', { from: 1, to: 9 });
  assert.deepEqual((await told()).slice(1), [
    'seg:1-9 evidence_master master present context missing',
    'seg:2-4 evidence_master master present context missing',
    'seg:6-8 evidence_master master present context missing',
  ]);
  const { body } = await world.ada.get(`${path}/resolution`);
  assert.deepEqual(body.gaps, []);
  assert.deepEqual(body.overlaps, [
    { source_segment_ids: ['seg:0-2', 'seg:1-9'], source_started_at: at(1), source_ended_at: at(2) },
  ]);
  assert.doesNotMatch(JSON.stringify(body), /stored_path|incidents\//);
});

test('a supersession is recorded once, taken back once, and refused with the condition that does not hold', async () => {
  const { path, put, stream, incident } = await session();
  const digest = sha256Hex(bytesOf(8));
  await put('preview', { from: 0, to: 2 });
  await put('preview', { from: 2, to: 4, digest });
  await put('sound', { from: 4, to: 6 });
  const good = await put('master', { from: 0, to: 2 });
  await put('master', { from: 2, to: 4 });
  await put('master', { from: 4, to: 6 });
  const other = await session();
  await other.put('preview', { from: 0, to: 2 });
  const side = (name: string, segment: string) => ({ stream_id: name, source_segment_id: segment });
  const post = (superseding: object, superseded: object) =>
    world.ada.post(`${path}/supersessions`, { superseding, superseded });
  const violated = async (condition: string, superseding: object, superseded: object) => {
    const answer = await post(superseding, superseded);
    refused(answer, 409, 'supersession_refused');
    assert.equal(answer.body.condition, condition);
  };
  const [master, preview, sound] = [stream('master'), stream('preview'), stream('sound')];
  await violated('same_incident', side(master, 'seg:0-2'), side(other.stream('preview'), 'seg:0-2'));
  await violated('same_group', side(master, 'seg:0-2'), side(await world.ada.stream(incident), 'seg:0-2'));
  await violated('confirmed', side(master, 'seg:7-8'), side(preview, 'seg:0-2'));
  await violated('coverage', side(master, 'seg:0-2'), side(preview, 'seg:2-4'));
  await violated('context', side(master, 'seg:2-4'), side(preview, 'seg:2-4'));
  await violated('policy', side(preview, 'seg:0-2'), side(master, 'seg:0-2'));
  const first = await post(side(master, 'seg:0-2'), side(preview, 'seg:0-2'));
  assert.deepEqual([first.status, first.body.supersession.reason], [201, 'higher_quality_confirmed']);
  const again = await post(side(master, 'seg:0-2'), side(preview, 'seg:0-2'));
  assert.deepEqual([again.status, again.body], [200, first.body]);
  const replaced = await post(side(master, 'seg:4-6'), side(sound, 'seg:4-6'));
  assert.equal(replaced.body.supersession.reason, 'audio_replaced_by_master');
  const withdraw = () => world.ada.post(`${path}/supersessions/${first.body.supersession.id}/withdraw`);
  const taken = await withdraw();
  assert.deepEqual([taken.status, taken.body.supersession.withdraws], [201, first.body.supersession.id]);
  refused(await withdraw(), 409, 'supersession_withdrawn');
  await world.blobs.remove(chunkName(incident, master, good.body.chunk_index));
  await violated('integrity', side(master, 'seg:0-2'), side(preview, 'seg:0-2'));
  const listed = await world.ada.get(`${path}/supersessions`);
  assert.deepEqual(
    listed.body.supersessions.map(({ reason }: { reason: string }) => reason),
    ['higher_quality_confirmed', 'audio_replaced_by_master', 'withdrawn'],
  );
  const { token } = (await world.ada.post(`/v1/incidents/${incident}/incident-tokens`)).body;
  const shared = await world.nobody.get(`/i/${token}/capture-groups/${path.split('/').at(-1)}/timeline`);
  assert.deepEqual(shared.body.supersessions, { recorded: 2, withdrawn: 1 });
  const segments = await fetch(`${world.server.url}/i/${token}/capture-groups/${path.split('/').at(-1)}`);
  assert.match(await segments.text(), /by the owner; taken back/);
});

test('each condition of a supersession is judged on both sides, and what keeps it is enough', async () => {
  const { path, put, stream, incident } = await session();
  const context = bytesOf(8);
  const digest = sha256Hex(context);
  await put('preview', { from: 0, to: 4, digest });
  await put('preview', { from: 4, to: 6 });
  await put('sound', { from: 4, to: 6 });
  await put('master', { from: 0, to: 3 });
  await put('master', { from: 0, to: 5 });
  const altered = await put('master', { from: 4, to: 6 });
  await put('place', { from: 6, to: 8 });
  const group = await world.ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'phone-2' });
  const beside = await world.ada.post(`/v1/incidents/${incident}/streams`, {
    ...variants.master,
    capture_stream_group_id: group.body.capture_group.id,
  });
  const elsewhere = await session();
  await elsewhere.put('master', { from: 0, to: 4 });
  const side = (name: string, segment: string) => ({ stream_id: name, source_segment_id: segment });
  const post = (superseding: object, superseded: object) =>
    world.ada.post(`${path}/supersessions`, { superseding, superseded });
  const [master, preview, sound, place] = [stream('master'), stream('preview'), stream('sound'), stream('place')];
  const refusals: [condition: string, superseding: object, superseded: object][] = [
    ['same_incident', side(elsewhere.stream('master'), 'seg:0-4'), side(preview, 'seg:0-4')],
    ['same_group', side(beside.body.stream.id, 'seg:0-4'), side(preview, 'seg:0-4')],
    ['confirmed', side(master, 'seg:0-5'), side(preview, 'seg:0-5')],
    // Part of it, from one end and from the other.
    ['coverage', side(master, 'seg:0-3'), side(preview, 'seg:0-4')],
    ['coverage', side(master, 'seg:0-5'), side(preview, 'seg:4-6')],
    // Sound of a higher rank has no pictures; context has neither, and nothing stands for it.
    ['policy', side(sound, 'seg:4-6'), side(preview, 'seg:4-6')],
    ['policy', side(place, 'seg:6-8'), side(preview, 'seg:4-6')],
    ['policy', side(master, 'seg:4-6'), side(place, 'seg:6-8')],
    ['policy', side(master, 'seg:0-5'), side(master, 'seg:0-3')],
    ['context', side(master, 'seg:0-5'), side(preview, 'seg:0-4')],
  ];
  const violated = async ([condition, superseding, superseded]: (typeof refusals)[number]) => {
    const answer = await post(superseding, superseded);
    assert.deepEqual([answer.status, answer.code, answer.body.condition], [409, 'supersession_refused', condition]);
  };
  for (const refusal of refusals) await violated(refusal);
  const name = chunkName(incident, master, altered.body.chunk_index);
  await world.blobs.write(name, bytesOf(50));
  await violated(['integrity', side(master, 'seg:4-6'), side(preview, 'seg:4-6')]);
  assert.deepEqual((await world.ada.get(`${path}/supersessions`)).body.supersessions, []);
  // The sealed context is confirmed in the group, and a longer chunk holds all of the range.
  assert.equal((await put('place', { from: 0, to: 4 }, context)).status, 201);
  const kept = await post(side(master, 'seg:0-5'), side(preview, 'seg:0-4'));
  assert.equal(kept.status, 201);
  const { coverage_basis: basis, reason } = kept.body.supersession;
  assert.deepEqual([basis, reason], ['superset', 'segment_superset_confirmed']);
});

test('when a stream has ended the policy records what it supersedes, once, and not again what somebody took back', async () => {
  const { incident, path, put, stream } = await session();
  await put('preview', { from: 0, to: 2 });
  await put('sound', { from: 0, to: 2 });
  await put('master', { from: 0, to: 2 });
  await put('preview', { from: 2, to: 4 });
  const end = (name: 'master' | 'preview', count: number) =>
    world.ada.post(`/v1/incidents/${incident}/streams/${stream(name)}/complete`, { expected_chunk_count: count });
  const all = async () => (await world.ada.get(`${path}/supersessions`)).body.supersessions;
  assert.equal((await end('master', 1)).status, 200);
  const recorded = await until(async () => {
    const found = await all();
    return found.length === 2 ? found : undefined;
  }, 'two decisions of the policy');
  assert.deepEqual(recorded.map((one: { actor: string; reason: string }) => [one.actor, one.reason]).sort(), [
    ['policy', 'audio_replaced_by_master'],
    ['policy', 'higher_quality_confirmed'],
  ]);
  assert.equal((await world.ada.post(`${path}/supersessions/${recorded[0].id}/withdraw`)).status, 201);
  // What the owner asks for stands already where the policy has recorded it.
  const [, other] = recorded;
  const again = await world.ada.post(`${path}/supersessions`, {
    superseding: other.superseding,
    superseded: other.superseded,
  });
  assert.deepEqual([again.status, again.body.supersession.id], [200, other.id]);
  assert.equal((await end('preview', 2)).status, 200);
  const looked = async (query: Query) =>
    (await query('SELECT look_at FROM capture_groups WHERE incident_id = ?', incident))[0]?.look_at;
  await until(async () => {
    let at: unknown;
    await world.rows(async (query) => {
      at = await looked(query);
    });
    return at === null ? true : undefined;
  }, 'the second look');
  assert.equal((await all()).length, 3, 'the two, and the one that took one of them back');
});
