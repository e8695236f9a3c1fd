import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, bytesOf, endedAt, sha256Hex, startedAt, uploadParts } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('idempotency');
});
after(() => world.close());

const refused = (answer: Answer, code: string, what = '') =>
  assert.deepEqual([answer.status, answer.code], [409, code], what);

function assertReplay(first: Answer, again: Answer): void {
  assert.equal(first.status, 201, first.code);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, 'true'], again.code);
  assert.deepEqual(again.body, first.body);
}

test('the same request under the same key has one effect and one answer, by either way in and across them', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(1_000);
  const form = (first: 'file' | 'fields') =>
    world.ada.form(incident, uploadParts(bytes, { stream_id: stream }, first), { 'idempotency-key': 'key-1' });
  const first = await world.ada.put(incident, stream, 1, bytes, { key: 'key-1' });
  assertReplay(first, await world.ada.put(incident, stream, 1, bytes, { key: 'key-1' }));
  assertReplay(first, await form('file'));
  assertReplay(first, await form('fields'));
  // The same instants in another zone are the same request.
  const zone = { 'proofline-started-at': '2026-01-02T05:04:05+02:00' };
  assertReplay(first, await world.ada.put(incident, stream, 1, bytes, { key: 'key-1', headers: zone }));
  assert.equal((await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks.length, 1);
});

test('the same key for anything else is a conflict, whatever part of it differs', async () => {
  const incident = await world.ada.incident();
  const [stream, other] = [await world.ada.stream(incident), await world.ada.stream(incident)];
  const elsewhere = await world.ada.incident();
  const away = await world.ada.stream(elsewhere);
  const bytes = bytesOf(1_000);
  const key = { 'idempotency-key': 'key-2' };
  const fields = { stream_id: stream, original_filename: 'a.mp4' };
  const first = await world.ada.form(incident, uploadParts(bytes, fields), key);
  assertReplay(first, await world.ada.form(incident, uploadParts(bytes, fields), key));
  const differences: Record<string, string | undefined>[] = [
    { chunk_index: '2' },
    { stream_id: other },
    { stream_id: undefined },
    { started_at: '2026-01-02T03:04:05.001Z' },
    { ended_at: '2026-01-02T03:04:07.001Z' },
    { original_filename: 'b.mp4' },
    { original_filename: undefined },
  ];
  for (const difference of differences)
    refused(
      await world.ada.form(incident, uploadParts(bytes, { ...fields, ...difference }), key),
      'idempotency_conflict',
      JSON.stringify(difference),
    );
  refused(
    await world.ada.form(incident, uploadParts(bytesOf(1_000), fields), key),
    'idempotency_conflict',
    'other bytes',
  );
  refused(
    await world.ada.form(incident, uploadParts(bytesOf(999), fields), key),
    'idempotency_conflict',
    'another size',
  );
  refused(await world.ada.put(elsewhere, away, 1, bytes, { key: 'key-2' }), 'idempotency_conflict', 'another incident');
  assert.equal((await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks.length, 1);
  assert.deepEqual((await world.ada.get(`/v1/incidents/${elsewhere}/chunks`)).body.chunks, []);
});

test('without the key, or under another, an accepted chunk is a duplicate', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(1_000);
  assert.equal((await world.ada.put(incident, stream, 1, bytes, { key: 'key-3' })).status, 201);
  refused(await world.ada.put(incident, stream, 1, bytes), 'duplicate_chunk');
  refused(await world.ada.put(incident, stream, 1, bytes, { key: 'key-4' }), 'duplicate_chunk');
  refused(await world.ada.put(incident, stream, 1, bytesOf(10)), 'duplicate_chunk', 'other bytes too');
  assert.equal((await world.ada.put(incident, stream, 2, bytes)).status, 201);
  refused(
    await world.ada.put(incident, stream, 2, bytes, { key: 'key-5' }),
    'duplicate_chunk',
    'a key that comes later',
  );
  assert.equal(
    (await world.ada.put(incident, stream, 3, bytes, { key: 'key-5' })).status,
    201,
    'a refused key is still free',
  );
});

test("an account's keys are its own", async () => {
  for (const client of [world.ada, world.bob]) {
    const incident = await client.incident();
    const stream = await client.stream(incident);
    assert.equal((await client.put(incident, stream, 1, bytesOf(100), { key: 'shared-words' })).status, 201);
  }
});

test('a replay is answered also after the stream ended and the incident was closed; new chunks are not', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(1_000);
  const first = await world.ada.put(incident, stream, 1, bytes, { key: 'key-6' });
  await world.ada.complete(incident, stream, 1);
  assertReplay(first, await world.ada.put(incident, stream, 1, bytes, { key: 'key-6' }));
  refused(await world.ada.put(incident, stream, 2, bytes, { key: 'key-7' }), 'stream_not_open');
  await world.ada.post(`/v1/incidents/${incident}/close`);
  assertReplay(first, await world.ada.put(incident, stream, 1, bytes, { key: 'key-6' }));
  assertReplay(
    first,
    await world.ada.form(incident, uploadParts(bytes, { stream_id: stream }), { 'idempotency-key': 'key-6' }),
  );
  refused(await world.ada.put(incident, stream, 2, bytes, { key: 'key-8' }), 'incident_closed');
  refused(await world.ada.put(incident, stream, 1, bytesOf(10), { key: 'key-6' }), 'idempotency_conflict');
});

test('a key is 1 to 255 visible ASCII characters', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  for (const key of ['', 'a b', 'x'.repeat(256), 'é', 'tab\there']) {
    const answer = await world.ada.put(incident, stream, 1, bytesOf(10), { key });
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_idempotency_key'], key);
  }
  assert.equal((await world.ada.put(incident, stream, 1, bytesOf(10), { key: 'x'.repeat(255) })).status, 201);
  assert.equal((await world.ada.put(incident, stream, 2, bytesOf(10), { key: '!~"\'{}' })).status, 201);
});

test('of many equal requests at once one creates; the others replay it or are told to wait', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(50_000);
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => world.ada.put(incident, stream, 1, bytes, { key: 'race' })),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  for (const answer of answers) {
    if (answer.status === 201) continue;
    if (answer.status === 200) assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    else {
      refused(answer, 'upload_in_progress');
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    }
  }
  const different = await Promise.all(
    Array.from({ length: 12 }, () => world.ada.put(incident, stream, 2, bytesOf(20_000))),
  );
  assert.equal(different.filter(({ status }) => status === 201).length, 1);
  for (const answer of different.filter(({ status }) => status !== 201))
    assert.match(answer.code, /^(duplicate_chunk|upload_in_progress)$/);
});

test('reconcile says matched, not found, or which fields differ and nothing of their values', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(1_000);
  const claim = {
    stream_id: stream,
    chunk_index: 1,
    media_type: 'video',
    started_at: startedAt,
    ended_at: endedAt,
    original_filename: 'folder/a.mp4',
    byte_size: 1_000,
    sha256_hex: sha256Hex(bytes),
  };
  const ask = (difference: Record<string, unknown> = {}) =>
    world.ada.post(`/v1/incidents/${incident}/chunks/reconcile`, { ...claim, ...difference });
  const missing = await ask();
  assert.deepEqual([missing.status, missing.code], [404, 'chunk_not_found']);
  const made = await world.ada.form(incident, uploadParts(bytes, { stream_id: stream, original_filename: 'a.mp4' }));
  const expected = {
    reconciliation: {
      status: 'matched',
      identity: { incident_id: incident, stream_id: stream, media_type: 'video', chunk_index: 1 },
      chunk_id: made.body.id,
      byte_size: 1_000,
      sha256_hex: claim.sha256_hex,
      started_at: startedAt,
      ended_at: endedAt,
      created_at: made.body.created_at,
    },
  };
  const matched = await ask();
  assert.deepEqual([matched.status, matched.body], [200, expected]);
  assert.equal((await ask({ byte_size: undefined })).status, 200, 'the size may be left out');
  const differences: [Record<string, unknown>, string[]][] = [
    [{ sha256_hex: sha256Hex(bytesOf(3)) }, ['sha256_hex']],
    [{ started_at: '2026-01-02T03:04:04Z' }, ['started_at']],
    [{ ended_at: '2026-01-02T03:04:09Z', byte_size: 999 }, ['ended_at', 'byte_size']],
    [{ original_filename: 'b.mp4' }, ['original_filename']],
    [{ original_filename: undefined }, ['original_filename']],
    [{ media_type: 'audio' }, ['media_type']],
  ];
  for (const [difference, fields] of differences) {
    const answer = await ask(difference);
    refused(answer, 'duplicate_chunk_conflict', JSON.stringify(difference));
    assert.deepEqual(answer.body.reconciliation, { status: 'conflict', mismatched_fields: fields });
    assert.ok(!JSON.stringify(answer.body).includes(claim.sha256_hex));
  }
  const codes: [Record<string, unknown>, string][] = [
    [{ chunk_index: 0 }, 'invalid_chunk_index'],
    [{ chunk_index: '1' }, 'invalid_chunk_index'],
    [{ media_type: 'x' }, 'invalid_media_type'],
    [{ started_at: 'x' }, 'invalid_started_at'],
    [{ ended_at: undefined }, 'invalid_ended_at'],
    [{ ended_at: '2020-01-01T00:00:00Z' }, 'invalid_time_range'],
    [{ sha256_hex: 'x' }, 'invalid_sha256_hex'],
    [{ byte_size: -1 }, 'invalid_request'],
    [{ stream_id: 'str_other' }, 'chunk_not_found'],
    [{ extra: 1 }, 'invalid_json'],
  ];
  for (const [difference, code] of codes) assert.equal((await ask(difference)).code, code, JSON.stringify(difference));
  await world.ada.complete(incident, stream, 1);
  await world.ada.post(`/v1/incidents/${incident}/close`);
  assert.deepEqual((await ask()).body, expected, 'and works after the incident is closed');
});
