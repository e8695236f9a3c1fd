import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, reprDigest, sha256Hex } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { added, quota } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-content');
});
after(() => world.close());

const contentOf = (id: string) => `/v1/documents/${id}/content`;

test('a document comes back whole, as an attachment under its name', async () => {
  const { ada } = world;
  const bytes = bytesOf(3_000_000);
  const { id } = await added(ada, { bytes, fields: { name: 'Ärger "1".bin' } });
  const answer = await ada.get(contentOf(id));
  assert.deepEqual(answer.bytes, bytes);
  const header = (name: string) => answer.headers.get(name);
  assert.equal(
    header('content-disposition'),
    'attachment; filename="Arger _1_.bin"; filename*=UTF-8\'\'%C3%84rger%20%221%22.bin',
  );
  assert.deepEqual(['etag', 'accept-ranges', 'content-type', 'content-length', 'cache-control'].map(header), [
    '"1"',
    'bytes',
    'application/octet-stream',
    '3000000',
    'no-store',
  ]);
  const head = await ada.call('HEAD', contentOf(id), undefined, { range: 'bytes=0-1' });
  assert.deepEqual(
    [head.status, head.headers.get('content-length'), head.headers.get('etag'), head.bytes.length],
    [200, '3000000', '"1"', 0],
  );
});

test('any range of any size gives those bytes, from blobs of less than a block, of blocks, and between', async () => {
  const { ada } = world;
  const mega = 1024 * 1024;
  for (const size of [1, 5_000, mega, 3 * mega, 3 * mega + 7]) {
    const bytes = bytesOf(size);
    const { id } = await added(ada, { bytes, name: `of ${size}` });
    const edges = [0, 1, mega - 1, mega, mega + 1, 2 * mega, size - 1, size, size + 1];
    const position = fc
      .oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: size + 1 }))
      .map((n) => Math.max(0, n));
    const range = async (header: string, expected: Uint8Array) => {
      const answer = await ada.get(contentOf(id), { range: header });
      if (expected.length === 0) {
        assert.deepEqual(
          [answer.status, answer.code, answer.headers.get('content-range')],
          [416, 'range_not_satisfiable', `bytes */${size}`],
        );
        return;
      }
      const start =
        bytes.length -
        (header.startsWith('bytes=-') ? expected.length : bytes.length - Number(header.slice(6).split('-')[0]));
      assert.deepEqual(
        [answer.status, answer.headers.get('content-range'), answer.headers.get('content-length')],
        [206, `bytes ${start}-${start + expected.length - 1}/${size}`, String(expected.length)],
        header,
      );
      assert.ok(answer.bytes.equals(expected), header);
    };
    await fc.assert(
      fc.asyncProperty(position, position, async (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        await range(`bytes=${first}-${last}`, bytes.subarray(first, last + 1));
        await range(`bytes=${first}-`, bytes.subarray(first));
        await range(`bytes=-${last}`, last === 0 ? new Uint8Array() : bytes.subarray(-last));
      }),
      { numRuns: 12 },
    );
  }
});

test('an empty document is empty, and no range of it can be had', async () => {
  const { ada } = world;
  const { id } = await added(ada, { bytes: new Uint8Array(), name: 'empty' });
  assert.deepEqual([(await ada.get(contentOf(id))).status, (await ada.get(contentOf(id))).bytes.length], [200, 0]);
  assert.equal((await ada.get(contentOf(id), { range: 'bytes=0-' })).status, 416);
  assert.equal((await ada.get(contentOf(id), { range: 'bytes=-5' })).status, 200);
});

test('conditions: If-Match, If-None-Match, If-Range; several ranges are answered by the whole', async () => {
  const { ada } = world;
  const { id } = await added(ada, { bytes: Buffer.from('0123456789'), name: 'conditions' });
  const get = async (headers: Record<string, string>) => {
    const answer = await ada.get(contentOf(id), headers);
    return [answer.status, answer.status < 300 ? answer.bytes.toString() : answer.code];
  };
  assert.deepEqual(await get({ 'if-match': '"1"' }), [200, '0123456789']);
  assert.deepEqual(await get({ 'if-match': '*' }), [200, '0123456789']);
  assert.deepEqual(await get({ 'if-match': '"7", "8"' }), [412, 'version_conflict']);
  assert.deepEqual(await get({ 'if-match': 'W/"1"' }), [412, 'version_conflict']);
  assert.deepEqual(await get({ 'if-none-match': 'W/"1"' }), [304, '']);
  assert.deepEqual(await get({ 'if-none-match': '"2"' }), [200, '0123456789']);
  assert.deepEqual(await get({ range: 'bytes=2-3', 'if-range': '"1"' }), [206, '23']);
  assert.deepEqual(await get({ range: 'bytes=2-3', 'if-range': 'W/"1"' }), [200, '0123456789']);
  assert.deepEqual(await get({ range: 'bytes=2-3', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' }), [200, '0123456789']);
  assert.deepEqual(await get({ range: 'bytes=0-1,4-5' }), [200, '0123456789']);
});

test('PUT makes the next version; the earlier ones stay, can be had, and count', async () => {
  const { ada } = world;
  const before = await quota(ada);
  const contents = [bytesOf(1_000), bytesOf(2_000), bytesOf(1_500)];
  const { id } = await added(ada, { bytes: contents[0] ?? bytesOf(1), name: 'many versions' });
  const put = (bytes: Uint8Array, headers: Record<string, string>) => ada.call('PUT', contentOf(id), bytes, headers);
  const second = await put(contents[1] ?? bytesOf(1), {
    'if-match': '"1"',
    'content-type': 'Text/HTML; charset=utf-8',
  });
  assert.deepEqual(
    [
      second.status,
      second.headers.get('etag'),
      second.body.document.version,
      second.body.document.media_type,
      second.body.document.status,
    ],
    [200, '"2"', 2, 'text/html', 'processing'],
  );
  assert.equal((await put(bytesOf(5), { 'if-match': '"1"' })).code, 'version_conflict');
  assert.equal((await put(bytesOf(5), {})).code, 'invalid_request');
  assert.equal(
    (await put(bytesOf(5), { 'if-match': '"2"', 'repr-digest': reprDigest(bytesOf(5)) })).code,
    'hash_mismatch',
  );
  assert.equal((await put(contents[2] ?? bytesOf(1), { 'if-match': '*' })).body.document.version, 3);
  for (const [n, bytes] of contents.entries())
    assert.deepEqual((await ada.get(`${contentOf(id)}?version=${n + 1}`)).bytes, bytes);
  assert.deepEqual((await ada.get(contentOf(id))).bytes, contents[2]);
  assert.equal((await ada.get(`${contentOf(id)}?version=4`)).code, 'document_not_found');
  assert.equal((await ada.get(`${contentOf(id)}?version=0`)).code, 'invalid_request');
  const listed: [number, string][] = [];
  for (let cursor = ''; ; ) {
    const page = (await ada.get(`/v1/documents/${id}/versions?limit=2${cursor}`)).body;
    listed.push(
      ...page.versions.map((one: { version: number; sha256_hex: string }) => [one.version, one.sha256_hex] as const),
    );
    if (page.next_cursor === undefined) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  assert.deepEqual(listed, contents.map((bytes, n) => [n + 1, sha256Hex(bytes)] as const).reverse());
  const now = await quota(ada);
  assert.deepEqual([now.bytes_used - before.bytes_used, now.documents_used - before.documents_used], [4_500, 1]);
  await world.rows(async (query) => {
    const jobs = await query(
      "SELECT document_version FROM jobs WHERE document_id = ? AND kind = 'sniff' ORDER BY document_version",
      id,
    );
    assert.deepEqual(
      jobs.map((job) => job.document_version),
      [1, 2, 3],
    );
  });
});

test('a key is answered from the first, by hash before the body is read, and never a second time done', async () => {
  const { ada } = world;
  const { id } = await added(ada, { name: 'keyed' });
  const bytes = bytesOf(40_000);
  const headers = { 'if-match': '"1"', 'idempotency-key': 'one', 'content-type': 'text/plain' };
  const put = (body: Uint8Array, more: Record<string, string> = {}) =>
    ada.call('PUT', contentOf(id), body, { ...headers, ...more });
  assert.equal((await put(bytes)).body.document.version, 2);
  const again = await put(bytes);
  const byHash = await put(bytes, { 'repr-digest': reprDigest(bytes) });
  for (const replay of [again, byHash])
    assert.deepEqual(
      [replay.status, replay.headers.get('idempotency-replayed'), replay.body.document.version],
      [200, 'true', 2],
    );
  assert.equal((await put(bytesOf(10))).code, 'idempotency_conflict');
  assert.equal((await put(bytes, { 'content-type': 'text/html' })).code, 'idempotency_conflict');
  assert.equal((await ada.get(`/v1/documents/${id}`)).body.document.version, 2);
});
