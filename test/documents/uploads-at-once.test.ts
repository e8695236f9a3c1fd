/** Several requests at one upload: what counts is decided by the row, whoever holds what. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openWorld, until, type World } from '../http/support/world.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { begun, download, lookAt, offsetOf, patch, patchHeaders, patient, tusUpload } from './support/tus-client.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-uploads-at-once', {
    SAFE_RESUMABLE_SLICE_BYTES: '16KiB',
    SAFE_RESUMABLE_WORKER_INTERVAL: '200ms',
  });
});
after(() => world.close());

async function documentsNamed(name: string): Promise<number> {
  let count = 0;
  await world.rows(async (query) => {
    count = (await query('SELECT id FROM documents WHERE name = ?', name)).length;
  });
  return count;
}

test('two clients that send the same upload at once make one document', async () => {
  const bytes = randomBytes(2_000_000);
  const path = await begun(world.ada, bytes.length, { name: 'twice' });
  const options = { uploadUrl: `${world.server.url}${path}`, chunkSize: 150_000, retryDelays: patient };
  await Promise.all([tusUpload(world.ada, bytes, options), tusUpload(world.ada, bytes, options)]);
  const done = await until(async () => {
    const upload = await lookAt(world.ada, path);
    return upload.status === 'done' ? upload : undefined;
  }, 'done');
  assert.equal(await documentsNamed('twice'), 1);
  assert.deepEqual(await download(world.ada, done.result_id), bytes);
});

test('of many requests with the bytes of one place, one counts, also where all differ', async () => {
  const path = await begun(world.ada, 40_000, { name: 'place' });
  const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(40_000, i + 1));
  const answers = await Promise.all(bodies.map((body) => patch(world.ada, path, 0, body)));
  const winners = answers.flatMap(({ status }, i) => (status === 204 ? [i] : []));
  assert.equal(winners.length, 1, answers.map(({ status }) => status).join(' '));
  for (const { status, code } of answers.filter(({ status }) => status !== 204))
    assert.match(`${status} ${code}`, /^(409 upload_offset_conflict|423 upload_locked)$/);
  assert.equal(await documentsNamed('place'), 1);
  assert.deepEqual(await download(world.ada, (await lookAt(world.ada, path)).result_id), bodies[winners[0] ?? 0]);
});

test('of many requests for the end, all are answered and one document is made', async () => {
  const bytes = randomBytes(100_000);
  const path = await begun(world.ada, bytes.length, { name: 'end' });
  await patch(world.ada, path, 0, bytes.subarray(0, 90_000));
  const answers = await Promise.all([
    patch(world.ada, path, 90_000, bytes.subarray(90_000)),
    ...Array.from({ length: 8 }, () => patch(world.ada, path, bytes.length, Buffer.alloc(0))),
  ]);
  for (const { status } of answers) assert.ok([204, 409, 423].includes(status), String(status));
  const { result_id } = await until(async () => {
    const upload = await lookAt(world.ada, path);
    return upload.status === 'done' ? upload : undefined;
  }, 'done');
  for (const { status, headers } of answers)
    if (status === 204) assert.equal(headers.get('proofline-result'), result_id);
  assert.equal(await documentsNamed('end'), 1);
});

test('a connection that has fallen silent gives way, and what came of it is kept; one that sends does not', async () => {
  const bytes = randomBytes(100_000);
  const path = await begun(world.ada, bytes.length, { name: 'silent' });
  const raw = await openRaw(world.server.url);
  raw.send(
    head('PATCH', path, {
      ...patchHeaders,
      Authorization: `Bearer ${world.ada.token}`,
      'Upload-Offset': '0',
      'Content-Length': bytes.length,
    }),
  );
  raw.send(bytes.subarray(0, 20_000));
  await until(async () => ((await lookAt(world.ada, path)).received_bytes > 0 ? true : undefined), 'a slice');
  const sending = setInterval(() => raw.send(Buffer.alloc(1)), 200);
  const refused = await world.ada.call('HEAD', path, undefined, patchHeaders);
  assert.equal(refused.status, 423);
  clearInterval(sending);
  const offset = await offsetOf(world.ada, path);
  assert.ok(offset >= 20_000, String(offset));
  const answer = await raw.answer();
  assert.equal(answer?.status, 423);
  raw.reset();
  assert.equal((await lookAt(world.ada, path)).received_bytes, offset);
});
