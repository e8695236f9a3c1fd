/** Resumable uploads of chunks against a real server: what is refused when, and what they leave. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOf, type Client, endedAt, reprDigest, sha256Hex, startedAt } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { chunkName } from '../support/stored-blobs.ts';
import { begin, begun, lookAt, offsetOf, patch, refusalOf, tusUpload, version } from '../support/tus-client.ts';
import { assertAccepted, chunksOf, chunkWords, partsGone, uploadsOf } from './support/chunk-words.ts';

const sliceBytes = 16 * 1024;
let world: World;
before(async () => {
  world = await openWorld('chunk-uploads', {
    SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes),
    SAFE_RESUMABLE_WORKER_INTERVAL: '100ms',
    SAFE_DELETION_WORKER_INTERVAL: '100ms',
    SAFE_MAX_UPLOAD_BYTES: '1MB',
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
  });
});
after(() => world.close());

interface Place {
  incident: string;
  stream: string;
  path: string;
}

async function place(client: Client = world.ada): Promise<Place> {
  const incident = await client.incident();
  return { incident, stream: await client.stream(incident), path: uploadsOf(incident) };
}

const idOf = (path: string) => path.split('/').at(-1) ?? '';
const partsOf = (path: string) => world.blobs.list(`uploads/${idOf(path)}`);

test('an upload becomes a chunk, byte for byte, in one request or in many, in a stream or beside', async () => {
  const { incident, stream, path } = await place();
  for (const [n, options] of [{}, { chunkSize: 30_000 }, { uploadDataDuringCreation: true }].entries()) {
    const bytes = bytesOf(100_003);
    const sent = await tusUpload(world.ada, path, bytes, {
      metadata: chunkWords({ stream, index: n + 1 }, bytes),
      ...options,
    });
    const id = await assertAccepted(
      world.ada,
      world.blobs,
      { incident, stream, index: n + 1 },
      bytes,
      `${path}/${sent.id}`,
    );
    assert.equal(sent.result, id);
    await partsGone(world.blobs, sent.id);
  }
  const bytes = bytesOf(5_000);
  const { stream_id: _, ...words } = chunkWords({ stream, index: 0 }, bytes, {
    media_type: 'audio',
    filename: 'a/b.enc',
  });
  const sent = await tusUpload(world.ada, path, bytes, { metadata: words });
  const got = await world.ada.get(`/v1/incidents/${incident}/chunks/audio/0`);
  assert.deepEqual(got.bytes, bytes);
  const alone = (await chunksOf(world.ada, incident)).find(({ id }) => id === sent.result);
  assert.equal(alone?.original_filename, 'b.enc');
  const empty = await begin(world.ada, path, 0, chunkWords({ stream, index: 4 }, Buffer.alloc(0)));
  assert.equal(empty.status, 201, empty.code);
  assert.ok((await chunksOf(world.ada, incident)).some(({ id }) => id === empty.headers.get('proofline-result')));
  assert.equal((await world.ada.complete(incident, stream, 4)).status, 200);
});

test('what a PUT is refused for is refused before the first byte, with the same code', async () => {
  const { incident, stream, path } = await place();
  const bytes = bytesOf(10);
  const standing = bytesOf(10);
  assert.equal((await world.ada.put(incident, stream, 7, standing, { key: 'seven' })).status, 201);
  const closed = await place();
  const failed = await world.ada.stream(incident);
  await world.ada.post(`/v1/incidents/${incident}/streams/${failed}/fail`, {});
  await world.ada.post(`/v1/incidents/${closed.incident}/close`);
  const put = async (to: Place, index: string, headers: Record<string, string | undefined>, key?: string) => {
    const answer = await world.ada.put(to.incident, to.stream, index, bytes, { headers, ...(key ? { key } : {}) });
    return [answer.status, answer.code];
  };
  const wish = async (to: Place, words: Record<string, string | undefined>, size = bytes.length) => {
    const all: Record<string, string | undefined> = { ...chunkWords({ stream: to.stream, index: 1 }, bytes), ...words };
    const given = Object.fromEntries(
      Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const answer = await begin(world.ada, to.path, size, given);
    return [answer.status, answer.code];
  };
  const here = { incident, stream, path };
  const late = '2026-01-02T03:04:04.000Z';
  for (const [words, putting] of [
    [{ chunk_index: '0' }, () => put(here, '0', {})],
    [{ chunk_index: 'x' }, () => put(here, 'x', {})],
    [{ started_at: 'now' }, () => put(here, '1', { 'proofline-started-at': 'now' })],
    [{ started_at: undefined }, () => put(here, '1', { 'proofline-started-at': undefined })],
    [{ ended_at: 'then' }, () => put(here, '1', { 'proofline-ended-at': 'then' })],
    [{ ended_at: late }, () => put(here, '1', { 'proofline-ended-at': late })],
    [{ sha256_hex: 'AB' }, () => put(here, '1', { 'repr-digest': 'sha-256=:AB:' })],
    [{ sha256_hex: undefined }, () => put(here, '1', { 'repr-digest': undefined })],
    [{ source_segment_id: 'seg' }, () => put(here, '1', { 'proofline-source-segment': 'seg' })],
    [
      sourceWords({ source_ended_at: '2999-01-01T00:00:00Z' }),
      () => put(here, '1', sourceHeaders({ 'proofline-source-ended-at': '2999-01-01T00:00:00Z' })),
    ],
    [sourceWords({}), () => put(here, '1', sourceHeaders({}))],
    [{ chunk_index: '7' }, () => put(here, '7', {})],
    [{ chunk_index: '1', idempotency_key: 'seven' }, () => put(here, '1', {}, 'seven')],
    [{ idempotency_key: 'two words' }, () => put(here, '1', {}, 'two words')],
    [{ stream_id: 'str_none' }, () => put({ ...here, stream: 'str_none' }, '1', {})],
    [{ stream_id: failed }, () => put({ ...here, stream: failed }, '1', {})],
  ] as const) {
    const refused = await wish(here, words);
    assert.deepEqual(refused, await putting(), JSON.stringify(words));
    assert.ok(Number(refused[0]) >= 400 && refused[1] !== '', JSON.stringify(words));
  }
  assert.deepEqual(await wish(here, { media_type: 'audio' }), [400, 'stream_media_type_mismatch']);
  assert.deepEqual(await wish(here, { media_type: 'smell' }), [400, 'invalid_media_type']);
  assert.deepEqual(await wish(closed, {}), await put(closed, '1', {}));
  assert.deepEqual(await wish(closed, {}), [409, 'incident_closed']);
  assert.deepEqual(await wish(here, {}, 1_000_001), [413, 'upload_too_large']);
  assert.deepEqual((await world.ada.get(path)).body.uploads, []);
});

function sourceWords(more: Record<string, string>): Record<string, string> {
  return {
    source_segment_id: 'seg',
    source_sequence: '1',
    source_started_at: startedAt,
    source_ended_at: endedAt,
    ...more,
  };
}

function sourceHeaders(more: Record<string, string>): Record<string, string> {
  return {
    'proofline-source-segment': 'seg',
    'proofline-source-sequence': '1',
    'proofline-source-started-at': startedAt,
    'proofline-source-ended-at': endedAt,
    ...more,
  };
}

test('a chunk of a capture group says its segment, and is evidence like any other', async () => {
  const { incident, path } = await place();
  const { body } = await world.ada.post(`/v1/incidents/${incident}/capture-groups`, { capture_source_id: 'phone' });
  const group: string = body.capture_group.id;
  const opened = await world.ada.post(`/v1/incidents/${incident}/streams`, {
    media_type: 'video',
    variant_role: 'evidence_master',
    quality_profile: 'full_quality',
    upload_priority: 'background_queue',
    capture_stream_group_id: group,
  });
  const stream: string = opened.body.stream.id;
  const bytes = bytesOf(40_000);
  assert.equal((await begin(world.ada, path, 9, chunkWords({ stream, index: 1 }, bytes))).code, 'source_mismatch');
  const metadata = chunkWords({ stream, index: 1 }, bytes, sourceWords({ context_digest: 'ab'.repeat(32) }));
  const sent = await tusUpload(world.ada, path, bytes, { metadata });
  await assertAccepted(world.ada, world.blobs, { incident, stream, index: 1 }, bytes, `${path}/${sent.id}`);
  const resolution = await world.ada.get(`/v1/incidents/${incident}/capture-groups/${group}/resolution`);
  assert.deepEqual(
    resolution.body.segments.map((one: { source_segment_id: string; master: string }) => [
      one.source_segment_id,
      one.master,
    ]),
    [['seg', 'present']],
  );
  const again = chunkWords({ stream, index: 2 }, bytes, sourceWords({}));
  assert.equal((await begin(world.ada, path, 9, again)).code, 'source_segment_conflict');
});

test('a retry is answered from what stands: begun again it is the same upload, and done it is done', async () => {
  const { incident, stream, path } = await place();
  const bytes = bytesOf(50_000);
  const words = chunkWords({ stream, index: 1 }, bytes, { idempotency_key: 'once' });
  const first = await begun(world.ada, path, bytes.length, words);
  assert.equal((await patch(world.ada, first, 0, bytes.subarray(0, 20_000))).status, 204);
  const again = await begin(world.ada, path, bytes.length, words);
  assert.deepEqual(
    [again.status, again.headers.get('location'), again.headers.get('upload-offset')],
    [201, first, '20000'],
  );
  const other = await begin(world.ada, path, bytes.length, { ...words, ended_at: '2026-01-02T03:04:08.000Z' });
  assert.equal(other.status, 201, 'another fingerprint is another upload, until one of them is accepted');
  assert.notEqual(other.headers.get('location'), first);
  const sent = await tusUpload(world.ada, path, bytes, { metadata: words, uploadDataDuringCreation: true });
  assert.equal(`${path}/${sent.id}`, first);
  const id = await assertAccepted(world.ada, world.blobs, { incident, stream, index: 1 }, bytes, first);
  assert.equal(sent.result, id);
  const empty = await patch(world.ada, first, bytes.length, Buffer.alloc(0));
  assert.deepEqual([empty.status, empty.headers.get('proofline-result')], [204, id]);
  const late = await patch(world.ada, other.headers.get('location') ?? '', 0, bytes);
  assert.deepEqual([late.status, late.code], [409, 'idempotency_conflict']);
  await world.ada.post(`/v1/incidents/${incident}/close`);
  for (const metadata of [words, { ...words, media_type: 'video' }]) {
    const replayed = await begin(world.ada, path, bytes.length, metadata);
    assert.deepEqual(
      [replayed.status, replayed.headers.get('upload-offset'), replayed.headers.get('proofline-result')],
      [201, String(bytes.length), id],
      replayed.code,
    );
  }
  const listed = (await world.ada.get(path)).body.uploads;
  assert.equal(listed.length, 3, 'a repeated question leaves no more rows');
  const put = await world.ada.put(incident, stream, 1, bytes, { key: 'once' });
  assert.deepEqual([put.status, put.body.id], [200, id], 'the key is the same key to a PUT');
  const whole = await tusUpload(world.ada, path, bytes, { metadata: words, retryDelays: [0, 10] });
  assert.equal(whole.result, id, 'a client that sends all of it learns the same');
});

test('what is not what was announced becomes nothing, for ever, and its place stays free', async () => {
  const { incident, stream, path } = await place();
  const bytes = bytesOf(60_000);
  const metadata = chunkWords({ stream, index: 1 }, bytes, { sha256_hex: sha256Hex(bytesOf(1)) });
  const error = await tusUpload(world.ada, path, bytes, { metadata }).catch((reason: unknown) => reason);
  assert.deepEqual(refusalOf(error), { status: 400, code: 'hash_mismatch' });
  const [upload] = (await world.ada.get(path)).body.uploads;
  assert.deepEqual([upload.status, upload.refusal], ['failed', 'hash_mismatch']);
  assert.equal((await patch(world.ada, `${path}/${upload.id}`, bytes.length, Buffer.alloc(0))).status, 410);
  await partsGone(world.blobs, upload.id);
  assert.equal(await world.blobs.read(chunkName(incident, stream, 1)), undefined);
  assert.deepEqual(await chunksOf(world.ada, incident), []);
  assert.equal((await world.ada.put(incident, stream, 1, bytes)).status, 201);
});

test('an upload whose incident or stream closed meanwhile ends with the code for it, and its parts go', async () => {
  for (const [close, code] of [
    [({ incident }: Place) => world.ada.post(`/v1/incidents/${incident}/close`), 'incident_closed'],
    [
      ({ incident, stream }: Place) => world.ada.post(`/v1/incidents/${incident}/streams/${stream}/fail`, {}),
      'stream_not_open',
    ],
  ] as const) {
    const to = await place();
    const bytes = bytesOf(50_000);
    // One is asked for more at once, one at its end, one by nobody.
    const half = await Promise.all(
      [1, 2, 3].map((index) =>
        begun(world.ada, to.path, bytes.length, chunkWords({ stream: to.stream, index }, bytes)),
      ),
    );
    for (const path of half) assert.equal((await patch(world.ada, path, 0, bytes.subarray(0, 20_000))).status, 204);
    assert.equal((await close(to)).status, 200);
    const [first = '', second = '', third = ''] = half;
    const more = await patch(world.ada, first, 20_000, bytes.subarray(20_000, 30_000));
    assert.ok([code, 'upload_gone'].includes(more.code), more.code);
    const rest = await patch(world.ada, second, 20_000, bytes.subarray(20_000));
    assert.ok([code, 'upload_gone'].includes(rest.code), rest.code);
    for (const path of [first, second, third]) {
      const seen = await until(async () => {
        const upload = await lookAt(world.ada, path);
        return upload.status === 'failed' ? upload : undefined;
      }, 'ended');
      assert.equal(seen.refusal, code);
      await partsGone(world.blobs, idOf(path));
    }
    assert.deepEqual(await chunksOf(world.ada, to.incident), []);
  }
});

test('of an upload and a PUT of one chunk the first to be accepted stands, and only parts are removed', async () => {
  const { incident, stream, path } = await place();
  const [mine, theirs] = [bytesOf(30_000), bytesOf(30_000)];
  const upload = await begun(world.ada, path, mine.length, chunkWords({ stream, index: 1 }, mine));
  await patch(world.ada, upload, 0, mine.subarray(0, 20_000));
  assert.equal((await world.ada.put(incident, stream, 1, theirs)).status, 201);
  const refused = await patch(world.ada, upload, 20_000, mine.subarray(20_000));
  assert.deepEqual([refused.status, refused.code], [409, 'duplicate_chunk']);
  await partsGone(world.blobs, idOf(upload));
  assert.deepEqual(await world.blobs.read(chunkName(incident, stream, 1)), theirs);
});

test('pending bytes are counted against the quota of evidence, and an end without room can be asked for again', async () => {
  const { incident, stream, path } = await place(world.bob);
  const limit = async (bytes: number | null) => {
    const answer = await world.root.post(`/v1/admin/accounts/${world.accounts.bob}/quota`, { bytes_limit: bytes });
    assert.equal(answer.status, 200, answer.code);
  };
  await limit(100_000);
  const bytes = bytesOf(60_000);
  const first = await begun(world.bob, path, bytes.length, chunkWords({ stream, index: 1 }, bytes));
  const tooMuch = await begin(world.bob, path, 40_001, chunkWords({ stream, index: 2 }, bytes));
  assert.deepEqual([tooMuch.status, tooMuch.code], [413, 'quota_exceeded']);
  const small = await begun(world.bob, path, 40_000, chunkWords({ stream, index: 2 }, bytes));
  assert.equal((await world.bob.call('DELETE', small, undefined, version)).status, 204);
  await patch(world.bob, first, 0, bytes.subarray(0, 50_000));
  await limit(10);
  const refused = await patch(world.bob, first, 50_000, bytes.subarray(50_000));
  assert.deepEqual([refused.status, refused.code], [413, 'quota_exceeded']);
  assert.equal(
    (await world.bob.call('HEAD', first, undefined, version)).status,
    413,
    'and a HEAD does not say that all is well',
  );
  const still = await patch(world.bob, first, bytes.length, Buffer.alloc(0));
  assert.deepEqual([still.status, still.code], [413, 'quota_exceeded']);
  await limit(null);
  assert.equal(await offsetOf(world.bob, first), bytes.length, 'a HEAD tries again, as an empty PATCH does');
  await assertAccepted(world.bob, world.blobs, { incident, stream, index: 1 }, bytes, first);
});

test('nobody else’s upload, incident or words: a forged owner finds nothing', async () => {
  const mine = await place();
  const theirs = await place(world.bob);
  const bytes = bytesOf(100);
  const words = chunkWords({ stream: mine.stream, index: 1 }, bytes);
  const upload = await begun(world.ada, mine.path, bytes.length, words);
  const into = await begin(world.bob, mine.path, bytes.length, words);
  assert.deepEqual([into.status, into.code], [404, 'incident_not_found']);
  const stream = await begin(world.bob, theirs.path, bytes.length, { ...words, incident_id: mine.incident });
  assert.deepEqual([stream.status, stream.code], [404, 'stream_not_found']);
  const id = idOf(upload);
  const other = await place();
  for (const [client, path, code] of [
    [world.bob, upload, 'incident_not_found'],
    [world.bob, `${theirs.path}/${id}`, 'upload_not_found'],
    [world.ada, `${other.path}/${id}`, 'upload_not_found'],
    [world.ada, `/v1/documents/uploads/${id}`, 'upload_not_found'],
    // An administrator may see the incident, and not what others are sending.
    [world.root, upload, 'upload_not_found'],
  ] as const) {
    for (const answer of [
      await client.get(path),
      await patch(client, path, 0, bytes),
      await client.call('DELETE', path, undefined, version),
    ])
      assert.deepEqual([answer.status, answer.code], [404, code], path);
    assert.equal((await client.call('HEAD', path, undefined, version)).status, 404);
  }
  const document = await begun(world.ada, '/v1/documents/uploads', 5, { name: 'a' });
  assert.equal((await world.ada.get(`${mine.path}/${idOf(document)}`)).code, 'upload_not_found');
  assert.equal(await offsetOf(world.ada, upload), 0);
  const byAdmin = await tusUpload(world.root, mine.path, bytes, { metadata: { ...words, chunk_index: '2' } });
  assert.ok(byAdmin.result, 'an administrator may add to any incident, as with a PUT');
});

test('what expires, or is ended, removes parts and nothing else', async () => {
  const { incident, stream, path } = await place();
  const bytes = bytesOf(50_000);
  const [done, ended, expired] = [1, 2, 3].map((index) => chunkWords({ stream, index }, bytes));
  const sent = await tusUpload(world.ada, path, bytes, { metadata: done ?? {} });
  const paths = [
    await begun(world.ada, path, bytes.length, ended ?? {}),
    await begun(world.ada, path, bytes.length, expired ?? {}),
  ];
  for (const one of paths) {
    await patch(world.ada, one, 0, bytes.subarray(0, 40_000));
    assert.equal((await partsOf(one)).length, 3);
  }
  assert.equal((await world.ada.call('DELETE', paths[0] ?? '', undefined, version)).status, 204);
  await world.rows(async (query) => {
    await query(`UPDATE resumable_uploads SET expires_at = '2026-01-01T00:00:00.000Z' WHERE incident_id = ?`, incident);
  });
  for (const one of [...paths, `${path}/${sent.id}`])
    await until(async () => ((await world.ada.get(one)).code === 'upload_not_found' ? true : undefined), 'forgotten');
  for (const one of paths) await partsGone(world.blobs, idOf(one));
  assert.deepEqual(await world.blobs.read(chunkName(incident, stream, 1)), bytes);
  assert.deepEqual(
    (await chunksOf(world.ada, incident)).map(({ id }) => id),
    [sent.result],
  );
  assert.equal(
    (await world.ada.put(incident, stream, 2, bytes, { headers: { 'repr-digest': reprDigest(bytes) } })).status,
    201,
  );
});

test('the deletion of an incident takes its uploads along: rows, words and parts', async () => {
  const { incident, stream, path } = await place();
  const bytes = bytesOf(50_000);
  const sent = await tusUpload(world.ada, path, bytes, { metadata: chunkWords({ stream, index: 1 }, bytes) });
  const half = await begun(world.ada, path, bytes.length, chunkWords({ stream, index: 2 }, bytes));
  await patch(world.ada, half, 0, bytes.subarray(0, 40_000));
  assert.equal((await partsOf(half)).length, 3);
  const deletion = `/v1/incidents/${incident}/deletion`;
  await world.ada.post(deletion, { allow_open: true });
  assert.equal((await patch(world.ada, half, 40_000, bytes.subarray(40_000))).code, 'incident_deleting');
  const state = async () => (await world.ada.get(deletion)).body.deletion.state;
  await until(async () => ((await state()) === 'deleted' ? true : undefined), 'deletion');
  assert.deepEqual(await partsOf(half), []);
  await world.rows(async (query) => {
    assert.deepEqual(await query('SELECT id FROM resumable_uploads WHERE incident_id = ?', incident), []);
  });
  assert.equal((await world.ada.get(`${path}/${sent.id}`)).code, 'incident_deleting');
});
