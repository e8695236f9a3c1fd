/** Resumable uploads with the client that people use, and by hand where it is too polite, against a real server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { startProxy } from '../support/services/tcp-proxy.ts';
import {
  begin,
  begun,
  download,
  lookAt,
  offsetOf,
  patch,
  patchHeaders,
  patient,
  refusalOf,
  tusUpload,
  uploadsPath,
  version,
} from './support/tus-client.ts';

const sliceBytes = 64 * 1024;
let world: World;
before(async () => {
  world = await openWorld('documents-uploads', {
    SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes),
    SAFE_RESUMABLE_WORKER_INTERVAL: '200ms',
    SAFE_RESUMABLE_MAX_OPEN: '3',
    SAFE_DOCUMENTS_MAX_UPLOAD_BYTES: '10MB',
    SAFE_DOCUMENTS_QUOTA_BYTES: '40MB',
  });
});
after(() => world.close());

const isDone = ({ status }: { status: string }) => status === 'done';

/** Nothing of it is left but the document. */
async function partsGone(id: string): Promise<void> {
  await until(async () => ((await world.blobs.list(`uploads/${id}`)).length === 0 ? true : undefined), 'parts removed');
}

test('an upload becomes a document, byte for byte, in one request or in many', async () => {
  const bytes = randomBytes(1_000_003);
  for (const [name, options] of [
    ['whole', {}],
    ['pieces', { chunkSize: 100_000 }],
    ['at once', { uploadDataDuringCreation: true }],
  ] as const) {
    const metadata = { name, media_type: 'text/csv', sha256: sha256Hex(bytes) };
    const sent = await tusUpload(world.ada, bytes, { metadata, ...options });
    const upload = await lookAt(world.ada, `${uploadsPath}/${sent.id}`);
    assert.deepEqual([upload.status, upload.received_bytes, upload.result_id], ['done', bytes.length, sent.result]);
    const { document } = (await world.ada.get(`/v1/documents/${sent.result}`)).body;
    assert.deepEqual([document.name, document.media_type, document.sha256_hex], [name, 'text/csv', sha256Hex(bytes)]);
    assert.deepEqual(await download(world.ada, document.id), bytes);
    await partsGone(sent.id);
  }
});

test('an upload can go into a folder, with topics, and can be the next version of a document', async () => {
  const folder = (await world.ada.post('/v1/folders', { name: 'Steuer' })).body.folder;
  const first = await tusUpload(world.ada, Buffer.from('one'), {
    metadata: { name: 'tax', folder_id: folder.id, topics: 'b, a' },
  });
  const { document } = (await world.ada.get(`/v1/documents/${first.result}`)).body;
  assert.deepEqual([document.folder_id, document.topics], [folder.id, ['a', 'b']]);
  const next = await tusUpload(world.ada, Buffer.from('two'), {
    metadata: { document_id: document.id, if_match: '"1"', filename: 'means nothing' },
  });
  assert.equal(next.result, document.id);
  const changed = (await world.ada.get(`/v1/documents/${document.id}`)).body.document;
  assert.deepEqual([changed.version, changed.name], [2, 'tax']);
  assert.equal((await download(world.ada, document.id)).toString(), 'two');
  const words = { document_id: document.id, if_match: '"1"' };
  assert.deepEqual((await begin(world.ada, 1, words)).code, 'version_conflict');
  assert.deepEqual((await begin(world.ada, 1, { document_id: document.id })).code, 'invalid_request');
  const late = await begun(world.ada, 3, { document_id: document.id, if_match: '"2"' });
  await tusUpload(world.ada, Buffer.from('three'), { metadata: { document_id: document.id, if_match: '*' } });
  assert.deepEqual((await patch(world.ada, late, 0, Buffer.from('old'))).code, 'version_conflict');
  assert.equal((await lookAt(world.ada, late)).refusal, 'version_conflict');
  await world.ada.call('DELETE', late, undefined, version);
  assert.equal((await download(world.ada, document.id)).toString(), 'three');
});

test('an upload into a shared folder is its owner’s document, if the share still stands at the end', async () => {
  const { id } = (await world.ada.post('/v1/folders', { name: 'Projekt' })).body.folder;
  const share = await world.ada.post(`/v1/folders/${id}/shares`, {
    kind: 'account',
    account_id: world.accounts.bob,
    access: 'edit',
  });
  assert.equal(share.status, 201, share.code);
  const before = (await world.ada.get('/v1/quota')).body.documents_used;
  const sent = await tusUpload(world.bob, Buffer.from('ours'), { metadata: { name: 'shared', folder_id: id } });
  assert.equal((await download(world.ada, sent.result ?? '')).toString(), 'ours');
  assert.equal((await world.ada.get('/v1/quota')).body.documents_used, before + 1);
  const path = await begun(world.bob, 4, { name: 'late', folder_id: id });
  assert.equal((await patch(world.bob, path, 0, Buffer.from('la'))).status, 204);
  const revoked = await world.ada.call('DELETE', `/v1/shares/${share.body.share.id}`);
  assert.equal(revoked.status, 204, revoked.code);
  assert.equal((await patch(world.bob, path, 2, Buffer.from('te'))).code, 'folder_not_found');
  await world.bob.call('DELETE', path, undefined, version);
  await until(async () => ((await world.bob.get(uploadsPath)).body.uploads.every(isDone) ? true : undefined), 'gone');
});

test('an empty document needs no bytes', async () => {
  const answer = await begin(world.ada, 0, { filename: 'empty.txt' });
  assert.equal(answer.status, 201, answer.code);
  const path = answer.headers.get('location') ?? '';
  const { result_id } = await lookAt(world.ada, path);
  assert.equal(answer.headers.get('proofline-result'), result_id);
  assert.equal((await download(world.ada, result_id)).length, 0);
});

test('connections that break at random places cost nothing but the rest of the way', async () => {
  const proxy = await startProxy(Number(new URL(world.server.url).port));
  try {
    const bytes = randomBytes(3_000_000);
    let left = 200_000;
    let cuts = 0;
    proxy.watch((sent) => {
      left -= sent.length;
      if (left > 0 || cuts >= 8) return undefined;
      left = 50_000 + Math.floor(Math.random() * 500_000);
      cuts += 1;
      return 'cut';
    });
    const sent = await tusUpload(world.ada, bytes, {
      endpoint: `http://127.0.0.1:${proxy.port}${uploadsPath}`,
      metadata: { name: 'cut' },
      retryDelays: patient,
    });
    assert.ok(cuts >= 5, `${cuts} cuts`);
    const { result_id } = await lookAt(world.ada, `${uploadsPath}/${sent.id}`);
    assert.deepEqual(await download(world.ada, result_id), bytes);
  } finally {
    await proxy.close();
  }
});

test('of a body that breaks off everything that came is kept, also of the slice that it did not fill', async () => {
  const bytes = randomBytes(300_000);
  const came = sliceBytes * 2 + 1_234;
  const path = await begun(world.ada, bytes.length, { name: 'half' });
  const broken = new AbortController();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, came));
      await new Promise((resolve) => setTimeout(resolve, 300));
      broken.abort();
    },
  });
  await assert.rejects(
    fetch(`${world.server.url}${path}`, {
      method: 'PATCH',
      headers: { ...patchHeaders, authorization: `Bearer ${world.ada.token}`, 'upload-offset': '0' },
      body,
      duplex: 'half',
      signal: broken.signal,
    }),
  );
  await until(async () => ((await offsetOf(world.ada, path)) === came ? true : undefined), 'what came is kept');
  assert.deepEqual((await patch(world.ada, path, came, bytes.subarray(came))).status, 204);
  assert.deepEqual(await download(world.ada, (await lookAt(world.ada, path)).result_id), bytes);
});

test('what cannot become a document is refused before its first byte', async () => {
  const refused = async (size: number, words: Record<string, string>) => {
    const { status, code } = await begin(world.ada, size, words);
    return [status, code];
  };
  assert.deepEqual(await refused(1, { name: 'a/b' }), [400, 'invalid_document_name']);
  assert.deepEqual(await refused(1, { media_type: 'text/csv' }), [400, 'invalid_document_name']);
  assert.deepEqual(await refused(1, { name: 'a', sha256: 'AB' }), [400, 'invalid_sha256_hex']);
  assert.deepEqual(await refused(1, { name: 'a', folder_id: 'fld_x' }), [404, 'folder_not_found']);
  assert.deepEqual(await refused(10_000_001, { name: 'a' }), [413, 'upload_too_large']);
  const without = await world.ada.call('POST', uploadsPath, undefined, version);
  assert.deepEqual([without.status, without.code], [400, 'invalid_request']);
  const deferred = await world.ada.call('POST', uploadsPath, undefined, { ...version, 'upload-defer-length': '1' });
  assert.deepEqual([deferred.status, deferred.code], [400, 'invalid_request']);
  const unversioned = await world.ada.call('POST', uploadsPath, undefined, { 'upload-length': '1' });
  assert.deepEqual([unversioned.status, unversioned.code], [412, 'tus_version_unsupported']);
  assert.equal(unversioned.headers.get('tus-version'), '1.0.0');
});

test('unfinished uploads are counted, in number and in bytes, and can be listed and ended', async () => {
  const paths = [];
  for (let i = 0; i < 3; i++) paths.push(await begun(world.bob, 9_000_000, { name: `open ${i}` }));
  assert.equal((await begin(world.bob, 1, { name: 'one more' })).code, 'too_many_uploads');
  const listed = (await world.bob.get(uploadsPath)).body.uploads.filter((one: { status: string }) => !isDone(one));
  assert.deepEqual(
    listed.map(({ id }: { id: string }) => `${uploadsPath}/${id}`),
    paths,
  );
  const last = paths.pop() ?? '';
  assert.equal((await world.bob.call('DELETE', last, undefined, version)).status, 204);
  assert.match((await world.bob.get(last)).code, /^upload_(gone|not_found)$/);
  await world.rows(async (query) => {
    await query('INSERT INTO quotas (account_id, bytes_limit) VALUES (?, ?)', world.accounts.bob, 20_000_000);
  });
  assert.equal((await begin(world.bob, 2_000_001, { name: 'no room' })).code, 'quota_exceeded');
  paths.push(await begun(world.bob, 2_000_000, { name: 'room' }));
  for (const path of paths) assert.equal((await world.bob.call('DELETE', path, undefined, version)).status, 204);
  await until(async () => ((await world.bob.get(uploadsPath)).body.uploads.every(isDone) ? true : undefined), 'gone');
});

test('to anybody else an upload does not exist', async () => {
  const path = await begun(world.ada, 10, { name: 'mine' });
  for (const other of [world.bob, world.root]) {
    for (const method of ['GET', 'DELETE', 'PATCH'] as const) {
      const headers = method === 'PATCH' ? { ...patchHeaders, 'upload-offset': '0' } : version;
      const answer = await other.call(method, path, method === 'PATCH' ? 'x' : undefined, headers);
      assert.deepEqual([answer.status, answer.code], [404, 'upload_not_found'], method);
    }
    assert.equal((await other.call('HEAD', path, undefined, version)).status, 404);
    const listed = (await other.get(uploadsPath)).body.uploads;
    assert.ok(listed.every(({ id }: { id: string }) => !path.endsWith(id)));
  }
  assert.equal((await world.nobody.call('HEAD', path, undefined, version)).status, 401);
  assert.equal(await offsetOf(world.ada, path), 0);
  await world.ada.call('DELETE', path, undefined, version);
});

test('an offset that is not the right one, and more bytes than were announced, change nothing', async () => {
  const path = await begun(world.ada, 10, { name: 'strict' });
  assert.equal((await patch(world.ada, path, 1, Buffer.from('x'))).code, 'upload_offset_conflict');
  const tooMany = await patch(world.ada, path, 0, Buffer.alloc(11));
  assert.deepEqual([tooMany.status, tooMany.code], [413, 'upload_too_large']);
  const unannounced = await fetch(`${world.server.url}${path}`, {
    method: 'PATCH',
    headers: { ...patchHeaders, authorization: `Bearer ${world.ada.token}`, 'upload-offset': '0' },
    body: new Blob([Buffer.alloc(11)]).stream(),
    duplex: 'half',
  });
  assert.equal(unannounced.status, 413);
  const untyped = await world.ada.call('PATCH', path, 'x', { ...version, 'upload-offset': '0' });
  assert.deepEqual([untyped.status, untyped.code], [400, 'invalid_request']);
  assert.equal(await offsetOf(world.ada, path), 0);
  assert.equal((await world.ada.call('DELETE', path, undefined, version)).status, 204);
});

test('bytes that are not those that were announced become nothing', async () => {
  const bytes = randomBytes(150_000);
  const metadata = { name: 'wrong', sha256: sha256Hex(randomBytes(1)) };
  const error = await tusUpload(world.ada, bytes, { metadata }).catch((reason: unknown) => reason);
  assert.deepEqual(refusalOf(error), { status: 400, code: 'hash_mismatch' });
  const [upload] = (await world.ada.get(uploadsPath)).body.uploads.filter(
    ({ status }: { status: string }) => status === 'failed',
  );
  assert.equal(upload.refusal, 'hash_mismatch');
  const gone = await world.ada.call('HEAD', `${uploadsPath}/${upload.id}`, undefined, version);
  assert.equal(gone.status, 410);
  assert.equal((await patch(world.ada, `${uploadsPath}/${upload.id}`, bytes.length, Buffer.alloc(0))).status, 410);
  await partsGone(upload.id);
  await world.rows(async (query) => {
    assert.deepEqual(await query("SELECT id FROM documents WHERE name = 'wrong'"), []);
  });
});

test('a quota that is used up before the end refuses the document, keeps the bytes, and gives way to an empty request', async () => {
  const bytes = randomBytes(200_000);
  const path = await begun(world.ada, bytes.length, { name: 'late' });
  assert.equal((await patch(world.ada, path, 0, bytes.subarray(0, 100_000))).status, 204);
  const limit = (bytesLimit: number | null) =>
    world.rows(async (query) => {
      await query('UPDATE quotas SET bytes_limit = ? WHERE account_id = ?', bytesLimit, world.accounts.ada);
    });
  await limit(1);
  const refused = await patch(world.ada, path, 100_000, bytes.subarray(100_000));
  assert.deepEqual([refused.status, refused.code], [413, 'quota_exceeded']);
  const upload = await lookAt(world.ada, path);
  assert.deepEqual([upload.status, upload.refusal, upload.received_bytes], ['open', 'quota_exceeded', bytes.length]);
  await limit(null);
  const done = await patch(world.ada, path, bytes.length, Buffer.alloc(0));
  assert.equal(done.status, 204, done.code);
  assert.deepEqual(await download(world.ada, done.headers.get('proofline-result') ?? ''), bytes);
  const again = await patch(world.ada, path, bytes.length, Buffer.alloc(0));
  assert.equal(again.headers.get('proofline-result'), done.headers.get('proofline-result'));
});

test('what expires leaves nothing behind, and the document of a finished upload stays', async () => {
  const bytes = randomBytes(100_000);
  const done = await tusUpload(world.ada, bytes, { metadata: { name: 'stays' } });
  const path = await begun(world.ada, bytes.length, { name: 'goes' });
  await patch(world.ada, path, 0, bytes.subarray(0, 70_000));
  const id = path.split('/').at(-1) ?? '';
  assert.equal((await world.blobs.list(`uploads/${id}`)).length, 2);
  await world.rows(async (query) => {
    await query(`UPDATE resumable_uploads SET expires_at = '2026-01-01T00:00:00.000Z'`);
  });
  assert.match((await world.ada.get(path)).code, /^upload_(gone|not_found)$/);
  await until(async () => ((await world.ada.get(path)).code === 'upload_not_found' ? true : undefined), 'forgotten');
  await until(
    async () => ((await world.ada.get(`${uploadsPath}/${done.id}`)).code === 'upload_not_found' ? true : undefined),
    'the finished one forgotten too',
  );
  await partsGone(id);
  assert.deepEqual(await download(world.ada, done.result ?? ''), bytes);
});

test('OPTIONS says what is offered', async () => {
  const { status, headers } = await world.nobody.call('OPTIONS', uploadsPath);
  assert.equal(status, 204);
  assert.equal(headers.get('tus-extension'), 'creation,creation-with-upload,expiration,termination');
  assert.equal(headers.get('tus-max-size'), '10000000');
  assert.equal(headers.get('access-control-allow-origin'), null);
});
