import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ProoflineApi } from '#client/index.ts';
import { at, captureSession, sourceHeaders } from './support/capture-session.ts';
import { bytesOf, endedAt, sha256Hex, startedAt, uploadParts } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('chunk-sources', { SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false' });
});
after(() => world.close());

const digest = sha256Hex(bytesOf(8));
const place = { from: 0, to: 2, sequence: 7, digest };
const fields = {
  source_segment_id: 'seg:0-2',
  source_sequence: 7,
  source_started_at: at(0),
  source_ended_at: at(2),
  context_digest: digest,
};
/** What a chunk's JSON says of its place, and nothing else. */
const sourceOf = (chunk: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(chunk).filter(([name]) => /^(capture_stream_group|source_|context_)/.test(name)));

test('a chunk shows where it stands on the timeline, whichever way it came and whoever asks again', async () => {
  const { incident, group, stream } = await captureSession(world.ada);
  const told = { capture_stream_group_id: group, ...fields };
  const bytes = bytesOf(40);
  const put = () =>
    world.ada.put(incident, stream('preview'), 1, bytes, { headers: sourceHeaders(place), key: 'k-shown' });
  const first = await put();
  assert.deepEqual([first.status, sourceOf(first.body)], [201, told]);
  const again = await put();
  assert.deepEqual([again.status, again.body], [200, first.body]);
  const form = await world.ada.form(
    incident,
    uploadParts(bytes, { stream_id: stream('master'), ...fields, source_sequence: '7', context_digest: undefined }),
  );
  const { context_digest: _, ...without } = told;
  assert.deepEqual([form.status, sourceOf(form.body)], [201, without]);
  const plain = await world.ada.stream(incident);
  const other = await world.ada.put(incident, plain, 1, bytes);
  assert.deepEqual(sourceOf(other.body), {});
  await world.ada.form(incident, uploadParts(bytes, { chunk_index: '0' }));
  const expected = new Map<string, object>([
    [stream('preview'), told],
    [stream('master'), without],
    [plain, {}],
    ['', {}],
  ]);
  const { chunks } = (await world.ada.get(`/v1/incidents/${incident}/chunks`)).body;
  assert.equal(chunks.length, 4);
  for (const chunk of chunks) assert.deepEqual(sourceOf(chunk), expected.get(chunk.stream_id ?? ''));
  assert.deepEqual((await world.ada.get(`/v1/incidents/${incident}`)).body.chunks, chunks);
});

test('reconciling compares the source where it is given, and tells it either way', async () => {
  const { incident, group, stream } = await captureSession(world.ada);
  const bytes = bytesOf(40);
  const headers = sourceHeaders(place);
  assert.equal((await world.ada.put(incident, stream('preview'), 1, bytes, { headers })).status, 201);
  const plain = await world.ada.stream(incident);
  await world.ada.put(incident, plain, 1, bytes);
  const claim = {
    chunk_index: 1,
    media_type: 'video',
    started_at: startedAt,
    ended_at: endedAt,
    sha256_hex: sha256Hex(bytes),
  };
  const ask = (streamId: string, source: Record<string, unknown> = {}) =>
    world.ada.post(`/v1/incidents/${incident}/chunks/reconcile`, { ...claim, stream_id: streamId, ...source });
  for (const source of [{}, fields]) {
    const { status, body } = await ask(stream('preview'), source);
    assert.deepEqual([status, sourceOf(body.reconciliation)], [200, { capture_stream_group_id: group, ...fields }]);
  }
  const { context_digest: _, ...undigested } = fields;
  const lies: [string[], Record<string, unknown>][] = [
    [['source_segment_id'], { ...fields, source_segment_id: 'seg:2-4' }],
    [['source_sequence'], { ...fields, source_sequence: 8 }],
    [['source_started_at'], { ...fields, source_started_at: at(1) }],
    [['source_ended_at'], { ...fields, source_ended_at: at(3) }],
    [['context_digest'], { ...fields, context_digest: sha256Hex(bytes) }],
    [['context_digest'], undigested],
  ];
  for (const [named, source] of lies) {
    const { status, code, body } = await ask(stream('preview'), source);
    assert.deepEqual(
      [status, code, body.reconciliation],
      [409, 'duplicate_chunk_conflict', { status: 'conflict', mismatched_fields: named }],
    );
  }
  assert.deepEqual((await ask(plain)).status, 200);
  assert.deepEqual((await ask(plain, undigested)).body.reconciliation.mismatched_fields, Object.keys(undigested));
  for (const [code, source] of [
    ['invalid_source_segment', { source_segment_id: 'a b' }],
    ['invalid_source_segment', { context_digest: 'x' }],
    ['invalid_source_range', { ...fields, source_ended_at: at(0) }],
    ['invalid_source_range', { source_segment_id: 'a', source_sequence: 1 }],
  ] as const) {
    const answer = await ask(stream('preview'), source);
    assert.deepEqual([answer.status, answer.code], [400, code]);
  }
});

test('the library asks with the place of the chunk, and is told where it is another', async () => {
  const { incident, stream } = await captureSession(world.ada);
  const bytes = bytesOf(40);
  await world.ada.put(incident, stream('preview'), 1, bytes, { headers: sourceHeaders(place) });
  const api = new ProoflineApi({ baseUrl: world.server.url, token: world.ada.token });
  const source = { segment_id: 'seg:0-2', sequence: 7, started_at: at(0), ended_at: at(2), context_digest: digest };
  const facts = {
    ...{ incident_id: incident, stream_id: stream('preview'), chunk_index: 1, media_type: 'video' as const },
    ...{ started_at: startedAt, ended_at: endedAt, sha256_hex: sha256Hex(bytes), byte_size: bytes.length },
  };
  assert.equal((await api.reconcile({ ...facts, source })).status, 'matched');
  assert.equal((await api.reconcile(facts)).status, 'matched');
  assert.deepEqual(await api.reconcile({ ...facts, source: { ...source, ended_at: at(3) } }), {
    status: 'conflict',
    mismatched_fields: ['source_ended_at'],
  });
});
