import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cli } from '../support/server.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('incidents');
});
after(() => world.close());

const labels = {
  incident_mode: ['emergency', 'interaction_record', 'safety_check', 'evidence_note'],
  capture_profile: ['audio_video_location', 'audio_location', 'location_checkin', 'note_or_attachment', 'custom'],
  escalation_policy: [
    'none',
    'trusted_contacts_on_start',
    'trusted_contacts_on_missed_checkin',
    'urgent_trusted_contact_alert',
  ],
  sharing_state: [
    'private',
    'trusted_contact_access',
    'public_link_created',
    'legal_export_created',
    'revoked_or_expired',
  ],
};

test('an incident opens with the labels that were given and no others', async () => {
  for (const [field, values] of Object.entries(labels)) {
    for (const value of values) {
      const answer = await world.ada.post('/v1/incidents', { [field]: value });
      assert.equal(answer.status, 201);
      assert.match(answer.body.incident_id, /^inc_[0-9a-z]{26}$/);
      assert.deepEqual(answer.body, { incident_id: answer.body.incident_id, status: 'open', [field]: value });
      const { incident } = (await world.ada.get(`/v1/incidents/${answer.body.incident_id}`)).body;
      assert.equal(incident[field], value);
    }
  }
});

test('an incident is read with its streams, chunks and check-ins', async () => {
  const id = await world.ada.incident({ client_label: 'Walk home', notes: 'two people' });
  const { id: stream } = await world.ada.filledStream(id, 2);
  await world.ada.post(`/v1/incidents/${id}/checkins`, { latitude: 1 });
  const { body } = await world.ada.get(`/v1/incidents/${id}`);
  assert.deepEqual(Object.keys(body).sort(), ['checkins', 'chunks', 'incident', 'streams']);
  assert.deepEqual(body.incident, {
    id,
    owner_account_id: world.accounts.ada,
    status: 'open',
    client_label: 'Walk home',
    notes: 'two people',
    deletion_state: 'active',
    created_at: body.incident.created_at,
    updated_at: body.incident.updated_at,
  });
  assert.deepEqual([body.streams.length, body.chunks.length, body.checkins.length], [1, 2, 1]);
  assert.equal(body.streams[0].id, stream);
  assert.deepEqual(
    body.chunks.map((chunk: { chunk_index: number }) => chunk.chunk_index),
    [1, 2],
  );
  assert.doesNotMatch(JSON.stringify(body), /stored_path|incidents\/inc_|\.enc/);
});

test('closing is final, and closing again changes nothing', async () => {
  const id = await world.ada.incident();
  const stream = await world.ada.stream(id);
  const closed = await world.ada.post(`/v1/incidents/${id}/close`);
  assert.deepEqual([closed.status, closed.body.status, closed.body.id], [200, 'closed', id]);
  assert.ok(Date.parse(closed.body.closed_at) >= Date.parse(closed.body.created_at));
  const again = await world.ada.post(`/v1/incidents/${id}/close`);
  assert.deepEqual([again.status, again.body], [200, closed.body]);
  for (const [path, body] of [
    ['streams', { media_type: 'audio' }],
    ['checkins', {}],
  ] as const)
    assert.equal((await world.ada.post(`/v1/incidents/${id}/${path}`, body)).code, 'incident_closed', path);
  assert.equal((await world.ada.put(id, stream, 1, Buffer.from('x'))).code, 'incident_closed');
});

test('own incidents are listed newest first, in pages; an administrator sees all, or one owner, or none', async () => {
  const mine: string[] = [];
  for (let i = 0; i < 5; i++) mine.unshift(await world.bob.incident());
  const walk = async (client: typeof world.bob, query: string) => {
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await client.get(`/v1/incidents?limit=2${query}${cursor}`);
      ids.push(...body.incidents.map(({ id }: { id: string }) => id));
      if (body.next_cursor === undefined) return ids;
      assert.equal(body.incidents.length, 2);
      cursor = `&cursor=${body.next_cursor}`;
    }
  };
  assert.deepEqual(await walk(world.bob, ''), mine);
  assert.deepEqual(
    await walk(world.bob, `&owner=${world.accounts.ada}`),
    mine,
    'a user cannot look at others by asking',
  );
  assert.deepEqual(await walk(world.root, `&owner=${world.accounts.bob}`), mine);
  const all = await walk(world.root, '');
  for (const id of mine) assert.ok(all.includes(id));
  assert.ok(all.length > mine.length);
  assert.deepEqual(await walk(world.root, '&owner=none'), []);
  assert.deepEqual((await world.root.get('/v1/incidents?owner=acct_nobody')).body, { incidents: [] });
});

test('check-ins keep what a device reports, whatever it is, and nothing else', async () => {
  const id = await world.ada.incident();
  const full = {
    device_battery_percent: 71,
    device_network: 'lte',
    latitude: 59.3293,
    longitude: -18.0686,
    accuracy_meters: 12.5,
  };
  const made = await world.ada.post(`/v1/incidents/${id}/checkins`, full);
  assert.equal(made.status, 201);
  assert.match(made.body.id, /^chi_[0-9a-z]{26}$/);
  assert.deepEqual(made.body, { id: made.body.id, incident_id: id, created_at: made.body.created_at, ...full });
  const odd = { device_battery_percent: -5, latitude: 400, longitude: -1e9, accuracy_meters: 0 };
  assert.equal((await world.ada.post(`/v1/incidents/${id}/checkins`, odd)).status, 201);
  assert.deepEqual(Object.keys((await world.ada.post(`/v1/incidents/${id}/checkins`, {})).body), [
    'id',
    'incident_id',
    'created_at',
  ]);
  for (const bad of [{ latitude: '1' }, { latitude: null }, { device_battery_percent: 1.5 }, { device_network: 5 }])
    assert.equal((await world.ada.post(`/v1/incidents/${id}/checkins`, bad)).code, 'invalid_request');
  assert.equal(
    (await world.ada.post(`/v1/incidents/${id}/checkins`, { created_at: made.body.created_at })).code,
    'invalid_json',
  );
  const { checkins } = (await world.ada.get(`/v1/incidents/${id}`)).body;
  assert.deepEqual(checkins[0], made.body);
  assert.equal(checkins.length, 3);
});

test('an incident without an owner is for administrators only, until one of them gives it an owner, once', async () => {
  const id = await world.ada.incident();
  const { chunks } = await world.ada.filledStream(id, 2, 'audio', 5_000);
  await world.rows(async (query) => {
    await query('UPDATE incidents SET owner_account_id = NULL WHERE id = ?', id);
  });
  assert.equal((await world.ada.get(`/v1/incidents/${id}`)).code, 'incident_not_found');
  const seen = await world.root.get(`/v1/incidents/${id}`);
  assert.equal('owner_account_id' in seen.body.incident, false);
  assert.deepEqual(
    (await world.root.get('/v1/incidents?owner=none')).body.incidents.map(({ id: each }: { id: string }) => each),
    [id],
  );
  const used = async () => (await world.bob.get('/v1/account')).body.quota.bytes_used;
  const before = await used();
  const give = (account: string, incident = id) =>
    world.root.post(`/v1/admin/incidents/${incident}/owner`, { account_id: account });
  assert.equal((await give('acct_nobody')).code, 'account_not_found');
  assert.equal((await give(world.accounts.bob, 'inc_nothing')).code, 'incident_not_found');
  const given = await give(world.accounts.bob);
  assert.deepEqual([given.status, given.body.incident.owner_account_id], [200, world.accounts.bob]);
  assert.equal(
    await used(),
    before + chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    'its bytes count for the new owner',
  );
  assert.equal((await give(world.accounts.ada)).code, 'incident_has_owner');
  assert.equal((await give(world.accounts.bob)).code, 'incident_has_owner');
  assert.equal((await world.bob.get(`/v1/incidents/${id}`)).status, 200);
  await world.rows(async (query) => {
    const rows = await query("SELECT * FROM audit_log WHERE action = 'incident.assign_owner'");
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]?.actor_account_id, rows[0]?.subject_id], [world.accounts.root, id]);
  });
});

test('streams open, are listed and read, and may be given up', async () => {
  const id = await world.ada.incident();
  for (const media_type of ['audio', 'video', 'location', 'metadata']) {
    const answer = await world.ada.post(`/v1/incidents/${id}/streams`, { media_type, label: `the ${media_type}` });
    assert.equal(answer.status, 201);
    const { stream } = answer.body;
    assert.match(stream.id, /^str_[0-9a-z]{26}$/);
    const { created_at, updated_at } = stream;
    assert.deepEqual(stream, {
      id: stream.id,
      incident_id: id,
      media_type,
      label: `the ${media_type}`,
      status: 'open',
      created_at,
      updated_at,
    });
    assert.deepEqual((await world.ada.get(`/v1/incidents/${id}/streams/${stream.id}`)).body, { stream });
  }
  const { streams } = (await world.ada.get(`/v1/incidents/${id}/streams`)).body;
  assert.equal(streams.length, 4);
  for (const media_type of ['', 'VIDEO', 'text', 1, null]) {
    const answer = await world.ada.post(`/v1/incidents/${id}/streams`, { media_type });
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_media_type'], String(media_type));
  }
  assert.equal((await world.ada.post(`/v1/incidents/${id}/streams`, {})).code, 'invalid_media_type');
  const path = `/v1/incidents/${id}/streams/${streams[0].id}`;
  const failed = await world.ada.post(`${path}/fail`, { failure_reason: 'camera lost' });
  assert.deepEqual(
    [failed.status, failed.body.stream.status, failed.body.stream.failure_reason],
    [200, 'failed', 'camera lost'],
  );
  assert.ok(failed.body.stream.failed_at);
  assert.equal((await world.ada.post(`${path}/fail`)).code, 'stream_failed');
  assert.equal((await world.ada.post(`${path}/complete`, { expected_chunk_count: 1 })).code, 'stream_failed');
  assert.equal((await world.ada.put(id, streams[0].id, 1, Buffer.from('x'))).code, 'stream_not_open');
});

test('a preview of retention counts what would go, and nothing goes', async () => {
  const id = await world.ada.incident({ client_label: 'old' });
  const { id: stream } = await world.ada.filledStream(id, 2, 'video', 700);
  await world.ada.complete(id, stream, 2);
  const held = await world.ada.incident({ incident_mode: 'emergency' });
  const { id: open } = await world.ada.filledStream(held, 1);
  for (const one of [id, held]) await world.ada.post(`/v1/incidents/${one}/close`);
  const due = new Date(Date.now() + 3_600_000).toISOString();
  const check = await world.ada.post(`/v1/incidents/${held}/safety-checks`, { due_at: due });
  const link = (await world.ada.post(`/v1/incidents/${id}/incident-tokens`)).body.token_id;
  await world.ada.post(`/v1/incident-tokens/${link}/revoke`);
  const old = new Date(Date.now() - 10 * 86_400_000).toISOString();
  await world.rows(async (query) => {
    for (const one of [id, held]) await query('UPDATE incidents SET closed_at = ? WHERE id = ?', old, one);
    await query('UPDATE incident_tokens SET revoked_at = ? WHERE id = ?', old, link);
  });
  const env = {
    SAFE_DATA_DIR: world.server.dataDir,
    SAFE_CLOSED_INCIDENT_RETENTION: '9d',
    SAFE_TOKEN_METADATA_RETENTION: '9d',
  };
  const setting = 'SAFE_CLOSED_INCIDENT_RETENTION';
  const holds = [
    { kind: 'safety_check', id: check.body.safety_check.id, state: 'active' },
    { kind: 'open_stream', id: open },
  ];
  for (let i = 0; i < 2; i++) {
    const { stdout, code } = await cli(['retention', 'preview', '--json'], env);
    assert.equal(code, 0);
    const { rules, ...preview } = JSON.parse(stdout);
    assert.deepEqual([rules.length, rules[0]], [5, { incident_mode: 'emergency', after: '9d', setting }]);
    assert.deepEqual(preview, {
      modeRetention: 'off',
      incidents: [{ id, incident_mode: null, closed_at: old, setting, chunks: 2, bytes: 1_400 }],
      held: [{ id: held, incident_mode: 'emergency', closed_at: old, setting, holds }],
      viewerLinks: 1,
      sessions: 0,
      tombstones: [],
    });
  }
  const longer = await cli(['retention', 'preview'], {
    ...env,
    SAFE_CLOSED_INCIDENT_RETENTION: '11d',
    SAFE_TOKEN_METADATA_RETENTION: '0',
  });
  assert.match(
    longer.stdout,
    /^0 incidents, 0 tombstones, 0 viewer links, 0 sessions would go\. Nothing was changed\.$/m,
  );
  const words = await cli(['retention', 'preview'], {
    ...env,
    SAFE_MODE_RETENTION: 'dry_run',
    SAFE_MODE_RETENTION_EMERGENCY: '2d',
  });
  assert.match(words.stdout, /^rule +emergency: 2d after closing \(SAFE_MODE_RETENTION_EMERGENCY\)$/m);
  assert.match(
    words.stdout,
    new RegExp(`^incident +${id}  no mode  closed .*  2 chunks, 1400 bytes  by ${setting}$`, 'm'),
  );
  assert.match(
    words.stdout,
    new RegExp(`^held +${held} .* by active safety check sfc_\\w+, open stream ${open}$`, 'm'),
  );
  assert.match(
    words.stdout,
    /^SAFE_MODE_RETENTION is dry_run: a server leaves these incidents alone until it is apply\.$/m,
  );
  const useless = await cli(['retention', 'preview'], { ...env, SAFE_MODE_RETENTION_EMERGENCY: '2d' });
  assert.notEqual(useless.code, 0);
  assert.match(useless.stderr, /SAFE_MODE_RETENTION_EMERGENCY is set, but SAFE_MODE_RETENTION is off/);
  for (const one of [id, held])
    assert.equal((await world.ada.get(`/v1/incidents/${one}`)).body.incident.deletion_state, 'active');
});
