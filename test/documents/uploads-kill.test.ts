/** A server that is killed in the middle of an upload, or at its very end: the client goes on, and there is one document. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Client, sha256Hex } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { failpointNames } from '../kill/failpoints.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { begun, download, lookAt, offsetOf, patchHeaders, tusUpload, uploadsPath } from './support/tus-client.ts';

const sliceBytes = 32 * 1024;
const env = { SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes) };
let world: World;
before(async () => {
  world = await openWorld('documents-uploads-kill', env);
  await world.server.stop();
});
after(() => world.remove());

const start = (more: Record<string, string>): Promise<TestServer> =>
  startServer({ dataDir: world.server.dataDir, env: { ...env, ...more } });
const adaAt = ({ url }: TestServer) => new Client(url, world.contract, world.ada.token);

/** Exactly one document of these bytes, and nothing of the upload but what it became. */
async function assertOne(ada: Client, name: string, bytes: Buffer, path: string): Promise<void> {
  const upload = await until(async () => {
    const seen = await lookAt(ada, path);
    return seen.status === 'done' ? seen : undefined;
  }, 'the upload is done');
  await world.rows(async (query) => {
    const documents = await query('SELECT id FROM documents WHERE name = ?', name);
    assert.deepEqual(
      documents.map(({ id }) => id),
      [upload.result_id],
    );
  });
  assert.deepEqual(await download(ada, upload.result_id), bytes);
  const folder = `uploads/${upload.id}`;
  await until(async () => ((await world.blobs.list(folder)).length === 0 ? true : undefined), 'its parts are removed');
}

/** Those of this slice, and those on the way of a document that it ends in. */
const places = [
  ...failpointNames('uploads'),
  'before-document-commit',
  'after-document-commit',
  'before-document-reply',
].flatMap((name) => (name.startsWith('after-part') ? [`${name}:5`, `${name}:7`] : [name]));

for (const place of places) {
  test(`killed at ${place}`, async () => {
    const bytes = randomBytes(sliceBytes * 6 + 1_000);
    const name = place.replace(':', ' ');
    const armed = await start({ PROOFLINE_FAILPOINT: place, SAFE_RESUMABLE_WORKER_INTERVAL: '0' });
    const exited = once(armed.process, 'exit');
    const path = await begun(adaAt(armed), bytes.length, { name, sha256: sha256Hex(bytes) });
    await assert.rejects(tusUpload(adaAt(armed), bytes, { uploadUrl: `${armed.url}${path}` }));
    await exited;
    // By the client where bytes are missing, and by the worker where none are.
    const server = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
    try {
      const ada = adaAt(server);
      const nth = Number(/after-part-record:(\d)/.exec(place)?.[1] ?? 0);
      if (nth > 0) assert.equal(await offsetOf(ada, path), Math.min(nth * sliceBytes, bytes.length));
      if ((await lookAt(ada, path)).received_bytes < bytes.length)
        await tusUpload(ada, bytes, { uploadUrl: `${server.url}${path}` });
      await assertOne(ada, name, bytes, path);
    } finally {
      assert.equal(await server.stop(), 0, server.log());
      assert.doesNotMatch(server.log(), /"level":"(error|fatal)"/);
    }
  });
}

test('killed at random while bytes come, again and again', async () => {
  const bytes = randomBytes(4_000_000);
  let server = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
  const path = await begun(adaAt(server), bytes.length, { name: 'random', sha256: sha256Hex(bytes) });
  let offset = 0;
  try {
    for (let round = 0; round < 5; round++) {
      const { process } = server;
      const killer = setTimeout(() => process.kill('SIGKILL'), 30 + Math.random() * 200);
      const sending = tusUpload(adaAt(server), bytes, { uploadUrl: `${server.url}${path}`, chunkSize: 1_000_000 });
      const ended = await sending.then(
        () => 'done',
        () => 'killed',
      );
      clearTimeout(killer);
      if (ended === 'done') break;
      await server.kill();
      server = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
      const now = await offsetOf(adaAt(server), path);
      assert.ok(now >= offset, `${now} after ${offset}`);
      offset = now;
    }
    const ada = adaAt(server);
    if (offset < bytes.length) await tusUpload(ada, bytes, { uploadUrl: `${server.url}${path}` });
    await assertOne(ada, 'random', bytes, path);
  } finally {
    assert.equal(await server.stop(), 0, server.log());
  }
});

test('told to stop while bytes come, a server keeps what came and ends well', async () => {
  const bytes = randomBytes(sliceBytes * 4);
  const stopping = await start({ SAFE_SHUTDOWN_DEADLINE: '500ms' });
  const path = await begun(adaAt(stopping), bytes.length, { name: 'stopped' });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(bytes.subarray(0, sliceBytes * 2 + 100)),
  });
  const sending = fetch(`${stopping.url}${path}`, {
    method: 'PATCH',
    headers: { ...patchHeaders, authorization: `Bearer ${world.ada.token}`, 'upload-offset': '0' },
    body,
    duplex: 'half',
  });
  sending.catch(() => undefined);
  await until(
    async () => ((await lookAt(adaAt(stopping), path)).received_bytes === sliceBytes * 2 ? true : undefined),
    'two slices',
  );
  assert.equal(await stopping.stop(), 0);
  assert.doesNotMatch(stopping.log(), /"level":"(error|fatal)"/);
  await assert.rejects(sending);
  const server = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
  try {
    const ada = adaAt(server);
    assert.ok((await offsetOf(ada, path)) >= sliceBytes * 2);
    await tusUpload(ada, bytes, { uploadUrl: `${server.url}${path}` });
    await assertOne(ada, 'stopped', bytes, path);
  } finally {
    await server.stop();
  }
});

test('bytes of uploads without a row are swept, those of others stay', async () => {
  const server = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '0' });
  const path = await begun(adaAt(server), 100, { name: 'other' });
  const id = path.slice(uploadsPath.length + 1);
  await server.stop();
  await world.blobs.write('uploads/upl_lost/0-x', Buffer.from('lost'));
  await world.blobs.write(`uploads/${id}/0-x`, Buffer.from('of a crash'));
  const sweeping = await start({ SAFE_RESUMABLE_WORKER_INTERVAL: '200ms' });
  await until(
    async () => ((await world.blobs.list('uploads/upl_lost')).length === 0 ? true : undefined),
    'the stray is gone',
  );
  assert.deepEqual(await world.blobs.list(`uploads/${id}`), [`uploads/${id}/0-x`]);
  await sweeping.stop();
});
