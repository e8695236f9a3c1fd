import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chunkName } from '../support/stored-blobs.ts';
import {
  type Answer,
  bytesOf,
  endedAt,
  multipart,
  type Part,
  reprDigest,
  sha256Hex,
  startedAt,
  uploadParts,
} from './support/client.ts';
import { sendRaw } from './support/raw.ts';
import { openWorld, type World } from './support/world.ts';

const largest = 100_000;
let world: World;
before(async () => {
  world = await openWorld('uploads', {
    SAFE_MAX_UPLOAD_BYTES: String(largest),
    SAFE_TEMP_UPLOAD_STAGING_QUOTA_BYTES: '150000',
  });
});
after(() => world.close());

const refused = (answer: Answer, status: number, code: string, what = '') =>
  assert.deepEqual([answer.status, answer.code], [status, code], what);

test('a form is accepted with its file first and with its file last', async () => {
  for (const first of ['file', 'fields'] as const) {
    const incident = await world.ada.incident();
    const stream = await world.ada.stream(incident);
    const bytes = bytesOf(5_000);
    const answer = await world.ada.form(
      incident,
      uploadParts(bytes, { stream_id: stream, original_filename: 'clip.mp4' }, first),
    );
    assert.equal(answer.status, 201, answer.code);
    const { id, created_at } = answer.body;
    assert.match(id, /^chk_[0-9a-z]{26}$/);
    assert.deepEqual(answer.body, {
      id,
      incident_id: incident,
      stream_id: stream,
      chunk_index: 1,
      media_type: 'video',
      started_at: startedAt,
      ended_at: endedAt,
      original_filename: 'clip.mp4',
      byte_size: 5_000,
      sha256_hex: sha256Hex(bytes),
      created_at,
    });
  }
});

test('the streaming way in answers the same, without a file name', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident, 'audio');
  const bytes = bytesOf(5_000);
  const answer = await world.ada.put(incident, stream, 7, bytes);
  assert.equal(answer.status, 201);
  assert.deepEqual(
    [answer.body.chunk_index, answer.body.media_type, answer.body.byte_size, 'original_filename' in answer.body],
    [7, 'audio', 5_000, false],
  );
});

test('an empty chunk and one of exactly the limit are chunks; one byte more is not', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  assert.equal((await world.ada.put(incident, stream, 1, Buffer.alloc(0))).status, 201);
  assert.equal((await world.ada.put(incident, stream, 2, bytesOf(largest))).status, 201);
  refused(await world.ada.put(incident, stream, 3, bytesOf(largest + 1)), 413, 'upload_too_large');
  const form = (size: number, index: string) =>
    world.ada.form(incident, uploadParts(bytesOf(size), { stream_id: stream, chunk_index: index }));
  assert.equal((await form(largest, '4')).status, 201);
  refused(await form(largest + 1, '5'), 413, 'upload_too_large');
  const chunks = (await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks;
  assert.deepEqual(
    chunks.map((chunk: { chunk_index: number }) => chunk.chunk_index),
    [1, 2, 4],
  );
});

test('a body that says no length is held to the same limit', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const send = (index: number, bytes: Buffer) =>
    sendRaw(world.server.url, [
      `PUT /v1/incidents/${incident}/streams/${stream}/chunks/${index} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${world.ada.token}\r\n` +
        `Repr-Digest: ${reprDigest(bytes)}\r\nProofline-Started-At: ${startedAt}\r\nProofline-Ended-At: ${endedAt}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]),
    ]);
  assert.equal((await send(1, bytesOf(largest))).status, 201);
  const over = await send(2, bytesOf(largest + 1));
  assert.deepEqual([over.status, over.code], [413, 'upload_too_large']);
});

test('a body that ends before its stated length leaves nothing', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(1_000);
  await sendRaw(
    world.server.url,
    [
      `PUT /v1/incidents/${incident}/streams/${stream}/chunks/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.ada.token}\r\n` +
        `Repr-Digest: ${reprDigest(bytes)}\r\nProofline-Started-At: ${startedAt}\r\nProofline-Ended-At: ${endedAt}\r\nContent-Length: 1000\r\n\r\n`,
      bytes.subarray(0, 999),
    ],
    300,
  );
  assert.deepEqual((await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks, []);
  assert.equal((await world.ada.put(incident, stream, 1, bytes)).status, 201);
});

test('bytes that are not what the hash says are refused, and nothing is kept', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const [bytes, others] = [bytesOf(500), bytesOf(500)];
  refused(
    await world.ada.put(incident, stream, 1, bytes, { headers: { 'repr-digest': reprDigest(others) } }),
    400,
    'hash_mismatch',
  );
  refused(
    await world.ada.form(incident, uploadParts(bytes, { stream_id: stream, sha256_hex: sha256Hex(others) })),
    400,
    'hash_mismatch',
  );
  assert.equal((await world.ada.put(incident, stream, 1, bytes)).status, 201);
});

test('every value of a form has its own code', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(100);
  const cases: [string, Record<string, string | undefined>][] = [
    ...[undefined, '', '0', '-1', '1.5', '1e3', ' 1', 'x', '2147483648', '99999999999'].map(
      (value): [string, Record<string, string | undefined>] => ['invalid_chunk_index', { chunk_index: value }],
    ),
    ...[undefined, '', 'VIDEO', 'text'].map((value): [string, Record<string, string | undefined>] => [
      'invalid_media_type',
      { media_type: value },
    ]),
    ['stream_media_type_mismatch', { media_type: 'audio' }],
    ...[
      undefined,
      '',
      '2026-01-02',
      '2026-02-30T00:00:00Z',
      '2026-01-02T03:04:05',
      '1767322845',
      '2026-01-02 03:04:05Z',
    ].map((value): [string, Record<string, string | undefined>] => ['invalid_started_at', { started_at: value }]),
    ...[undefined, '2026-01-02T24:00:00Z', '2026-01-02T03:04:60Z', '10000-01-01T00:00:00Z'].map(
      (value): [string, Record<string, string | undefined>] => ['invalid_ended_at', { ended_at: value }],
    ),
    ['invalid_time_range', { ended_at: '2026-01-02T03:04:04.999Z' }],
    ...[undefined, '', 'x', 'A'.repeat(64), sha256Hex(bytes).toUpperCase(), sha256Hex(bytes).slice(1)].map(
      (value): [string, Record<string, string | undefined>] => ['invalid_sha256_hex', { sha256_hex: value }],
    ),
    ['stream_not_found', { stream_id: 'str_nothing' }],
    ['stream_not_found', { stream_id: '../../x' }],
  ];
  for (const [code, fields] of cases) {
    const answer = await world.ada.form(incident, uploadParts(bytes, { stream_id: stream, ...fields }));
    refused(answer, code.endsWith('not_found') ? 404 : 400, code, JSON.stringify(fields));
  }
  assert.deepEqual((await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks, []);
});

test('every header of the streaming way in has its own code', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(100);
  const put = (headers: Record<string, string | undefined>, index: number | string = 1) =>
    world.ada.put(incident, stream, index, bytes, { headers });
  const digest = reprDigest(bytes);
  for (const value of [undefined, '', 'x', 'sha-512=:AAAA:', digest.slice(0, -2), `sha-256=${sha256Hex(bytes)}`])
    refused(await put({ 'repr-digest': value }), 400, 'invalid_sha256_hex', value);
  for (const value of [undefined, '', 'now'])
    refused(await put({ 'proofline-started-at': value }), 400, 'invalid_started_at', value);
  for (const value of [undefined, 'x'])
    refused(await put({ 'proofline-ended-at': value }), 400, 'invalid_ended_at', value);
  refused(await put({ 'proofline-ended-at': '2020-01-01T00:00:00Z' }), 400, 'invalid_time_range');
  for (const index of ['0', '-1', 'x', '1.0', '%31x', '2147483648'])
    refused(await put({}, index), 400, 'invalid_chunk_index', index);
  const beside = await put({ 'repr-digest': `sha-512=:AAAA:, ${digest}` });
  assert.equal(beside.status, 201, 'another algorithm beside it is ignored');
});

test('times are given back in UTC, with the fraction that they had', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const headers = {
    'proofline-started-at': '2026-01-02T05:04:05.123456+02:00',
    'proofline-ended-at': '2026-01-02t03:04:06z',
  };
  const { body } = await world.ada.put(incident, stream, 1, bytesOf(10), { headers });
  assert.deepEqual([body.started_at, body.ended_at], ['2026-01-02T03:04:05.123456Z', '2026-01-02T03:04:06.000Z']);
  const same = { 'proofline-started-at': startedAt, 'proofline-ended-at': startedAt };
  assert.equal(
    (await world.ada.put(incident, stream, 2, bytesOf(10), { headers: same })).status,
    201,
    'an instant is a range',
  );
});

test('a form that is none, or has a part too many, is refused', async () => {
  const incident = await world.ada.incident();
  const bytes = bytesOf(100);
  const good = uploadParts(bytes);
  const path = `/v1/incidents/${incident}/chunks`;
  const file: Part = { name: 'file', value: bytes, filename: 'b.enc' };
  refused(
    await world.ada.form(
      incident,
      good.filter(({ name }) => name !== 'file'),
    ),
    400,
    'missing_file',
  );
  refused(await world.ada.form(incident, [...good, file]), 400, 'duplicate_file');
  refused(await world.ada.form(incident, [{ name: 'chunk_index', value: '1' }, ...good]), 400, 'invalid_multipart');
  refused(await world.ada.form(incident, [...good, { name: 'nonsense', value: '1' }]), 400, 'invalid_multipart');
  refused(await world.ada.form(incident, [...good, { name: '__proto__', value: '1' }]), 400, 'invalid_multipart');
  refused(await world.ada.form(incident, [...good, { ...file, name: 'other' }]), 400, 'invalid_multipart');
  refused(
    await world.ada.form(incident, [...good, { name: 'original_filename', value: 'x'.repeat(5_000) }]),
    400,
    'invalid_multipart',
  );
  refused(
    await world.ada.form(incident, [...good, ...Array.from({ length: 40 }, (_, i) => ({ name: `f${i}`, value: '1' }))]),
    400,
    'invalid_multipart',
  );
  refused(await world.ada.post(path, 'no form at all'), 400, 'invalid_multipart');
  refused(
    await world.ada.post(path, JSON.stringify({ a: 1 }), { 'content-type': 'application/json' }),
    400,
    'invalid_multipart',
  );
  refused(await world.ada.post(path, 'x', { 'content-type': 'multipart/form-data' }), 400, 'invalid_multipart');
  const { body, contentType } = multipart(good);
  refused(await world.ada.post(path, body.subarray(0, -30), { 'content-type': contentType }), 400, 'invalid_multipart');
  assert.deepEqual((await world.ada.get(path)).body.chunks, []);
  const metrics = await (await fetch(`${world.server.adminUrl}/metrics`)).text();
  assert.match(metrics, /^proofline_staging_bytes 0$/m, 'what was refused holds no room');
});

test('a file name is its last segment, for display', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const names: [string, string | undefined][] = [
    ['C:\\Users\\me\\clip.mp4', 'clip.mp4'],
    ['../../etc/passwd', 'passwd'],
    ['/abs/olute', 'olute'],
    ['plain.mp4', 'plain.mp4'],
    ['ünï 日本.mp4', 'ünï 日本.mp4'],
    ['..', undefined],
    ['a/', undefined],
    ['', undefined],
    ['x'.repeat(1_000), 'x'.repeat(255)],
  ];
  let index = 0;
  for (const [given, kept] of names) {
    index += 1;
    const answer = await world.ada.form(
      incident,
      uploadParts(bytesOf(10), { stream_id: stream, chunk_index: String(index), original_filename: given }),
    );
    assert.deepEqual([answer.status, answer.body.original_filename], [201, kept], given);
  }
});

test('an unstreamed chunk counts from 0 by media type, and its bytes are given back', async () => {
  const incident = await world.ada.incident();
  const bytes = { video: bytesOf(3_000), audio: bytesOf(2_000) };
  for (const media_type of ['video', 'audio'] as const) {
    const answer = await world.ada.form(incident, uploadParts(bytes[media_type], { media_type, chunk_index: '0' }));
    assert.equal(answer.status, 201);
    assert.equal('stream_id' in answer.body, false);
    refused(
      await world.ada.form(incident, uploadParts(bytesOf(5), { media_type, chunk_index: '0' })),
      409,
      'duplicate_chunk',
    );
  }
  refused(
    await world.ada.form(incident, uploadParts(bytesOf(5), { stream_id: '', chunk_index: '-1' })),
    400,
    'invalid_chunk_index',
  );
  const got = await world.ada.get(`/v1/incidents/${incident}/chunks/video/0`);
  assert.ok(got.bytes.equals(bytes.video));
  assert.deepEqual(
    [
      got.status,
      got.headers.get('content-type'),
      got.headers.get('content-length'),
      got.headers.get('content-disposition'),
    ],
    [200, 'application/octet-stream', '3000', `attachment; filename="${incident}_video_000000.enc"`],
  );
  for (const path of ['video/1', 'location/0', 'nonsense/0', 'video/-1', 'video/x', 'video/0.0'])
    refused(await world.ada.get(`/v1/incidents/${incident}/chunks/${path}`), 404, 'chunk_not_found', path);
  const stream = await world.ada.stream(incident, 'location');
  await world.ada.put(incident, stream, 1, bytesOf(5));
  refused(
    await world.ada.get(`/v1/incidents/${incident}/chunks/location/1`),
    404,
    'chunk_not_found',
    'a streamed chunk is another',
  );
});

test('chunks are listed by what they are, in pages, whatever order they came in', async () => {
  const incident = await world.ada.incident();
  // Ids begin with their time, of which both may have the same.
  const [first = '', second = ''] = [await world.ada.stream(incident), await world.ada.stream(incident)].sort();
  for (const index of [3, 1, 2]) await world.ada.put(incident, second, index, bytesOf(10));
  for (const index of [2, 1]) await world.ada.put(incident, first, index, bytesOf(10));
  for (const [media_type, index] of [
    ['video', '1'],
    ['audio', '2'],
    ['video', '0'],
  ] as const) {
    const { status } = await world.ada.form(incident, uploadParts(bytesOf(10), { chunk_index: index, media_type }));
    assert.equal(status, 201);
  }
  const expected = [
    ['audio', 2],
    ['video', 0],
    ['video', 1],
    [first, 1],
    [first, 2],
    [second, 1],
    [second, 2],
    [second, 3],
  ];
  for (const limit of [1, 2, 3, 8, 100]) {
    const listed: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await world.ada.get(`/v1/incidents/${incident}/chunks?limit=${limit}${cursor}`);
      for (const chunk of body.chunks) listed.push([chunk.stream_id ?? chunk.media_type, chunk.chunk_index]);
      if (body.next_cursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    assert.deepEqual(listed, expected, `${limit} a page`);
  }
  const { body } = await world.ada.get(`/v1/incidents/${incident}/chunks?limit=1`);
  const other = await world.ada.incident();
  refused(
    await world.ada.get(`/v1/incidents/${other}/chunks?cursor=${body.next_cursor}`),
    400,
    'invalid_cursor',
    'of another listing',
  );
});

test('bytes that a crash left without a row are adopted by their equal and stay in the way of any other', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  await world.ada.put(incident, stream, 9, bytesOf(10));
  const name = chunkName(incident, stream, 1);
  const left = bytesOf(2_000);
  await world.blobs.write(name, left);
  const other = await world.ada.put(incident, stream, 1, bytesOf(2_000), { key: 'left-behind' });
  refused(other, 409, 'duplicate_chunk_conflict');
  assert.equal('reconciliation' in other.body, false);
  assert.ok((await world.blobs.read(name))?.equals(left), 'nothing is overwritten');
  const listed = (await world.ada.get(`/v1/incidents/${incident}/chunks`)).body.chunks;
  assert.deepEqual(
    listed.map((chunk: { chunk_index: number }) => chunk.chunk_index),
    [9],
    'nor shown',
  );
  assert.equal((await world.ada.put(incident, stream, 1, left, { key: 'left-behind' })).status, 201);
});

test('staging has a limit for all uploads together, with an answer that says when to come back', async () => {
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  // Two bodies that announce 100000 bytes each and do not come: the second does not fit into 150000.
  const hold = (index: number) =>
    sendRaw(
      world.server.url,
      [
        `PUT /v1/incidents/${incident}/streams/${stream}/chunks/${index} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.ada.token}\r\n` +
          `Repr-Digest: ${reprDigest(bytesOf(1))}\r\nProofline-Started-At: ${startedAt}\r\nProofline-Ended-At: ${endedAt}\r\nContent-Length: ${largest}\r\n\r\n`,
        bytesOf(1_000),
      ],
      1_200,
    );
  const first = hold(1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const second = await world.ada.put(incident, stream, 2, bytesOf(largest));
  refused(second, 507, 'staging_full');
  assert.match(second.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  await first;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(
    (await world.ada.put(incident, stream, 2, bytesOf(largest))).status,
    201,
    'and heals when the other has gone',
  );
});
