import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { chunkName } from '../support/stored-blobs.ts';
import { captureSession } from './support/capture-session.ts';
import { bytesOf, uploadParts } from './support/client.ts';
import { openWorld, type World } from './support/world.ts';

// Apart from the other bundle tests: here the server has reason to write error lines, and does.
let world: World;
before(async () => {
  world = await openWorld('broken');
});
after(async () => {
  await assert.rejects(world.close(), /error/);
  assert.match(world.server.log(), /"code":"evidence_corrupt".*"msg":"response broken off"/, 'the operator is told');
});

/** Everything that arrives of an answer, and whether it arrived whole. */
function download(path: string): Promise<{ status: number; expected: number; received: number; whole: boolean }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      `${world.server.url}${path}`,
      { headers: { authorization: `Bearer ${world.ada.token}` } },
      (answer) => {
        let received = 0;
        const end = () =>
          resolve({
            status: answer.statusCode ?? 0,
            expected: Number(answer.headers['content-length']),
            received,
            whole: answer.complete,
          });
        answer.on('data', (part: Buffer) => {
          received += part.length;
        });
        answer.on('error', () => undefined).on('close', end);
      },
    );
    asking.on('error', reject).end();
  });
}

test('one flipped bit breaks a bundle off instead of ending it well', async () => {
  const incident = await world.ada.incident();
  const { id } = await world.ada.filledStream(incident, 3, 'video', 300_000);
  await world.ada.complete(incident, id, 3);
  const name = chunkName(incident, id, 2);
  const bytes = await world.blobs.read(name);
  assert.ok(bytes);
  bytes[150_000] = (bytes[150_000] ?? 0) ^ 1;
  await world.blobs.write(name, bytes);
  for (const path of [`/v1/incidents/${incident}/streams/${id}/download`, `/v1/incidents/${incident}/download`]) {
    const got = await download(path);
    assert.equal(got.whole, false, path);
    assert.ok(got.received < got.expected, `${path}: ${got.received} of ${got.expected}`);
  }
});

test('one flipped bit breaks the bundle of a capture group off, whatever its kind', async () => {
  const { incident, path, put, stream } = await captureSession(world.ada);
  await put('master', { from: 0, to: 2 }, bytesOf(300_000));
  await put('master', { from: 2, to: 4 }, bytesOf(300_000));
  await world.ada.complete(incident, stream('master'), 2);
  const name = chunkName(incident, stream('master'), 2);
  const bytes = await world.blobs.read(name);
  assert.ok(bytes);
  bytes[150_000] = (bytes[150_000] ?? 0) ^ 1;
  await world.blobs.write(name, bytes);
  for (const kind of ['completed', 'partial', 'canonical']) {
    const got = await download(`${path}/download?kind=${kind}`);
    assert.deepEqual([got.status, got.whole, got.received < got.expected], [200, false, true], kind);
  }
});

test('an unstreamed chunk with other bytes is broken off, one of another size or gone is refused', async () => {
  const incident = await world.ada.incident();
  for (const index of ['0', '1', '2'])
    await world.ada.form(incident, uploadParts(bytesOf(5_000_000), { chunk_index: index }));
  await world.blobs.write(chunkName(incident, '', 0), bytesOf(5_000_000));
  await world.blobs.write(chunkName(incident, '', 1), bytesOf(4_999_999));
  await world.blobs.remove(chunkName(incident, '', 2));
  const got = await download(`/v1/incidents/${incident}/chunks/video/0`);
  assert.deepEqual([got.status, got.whole, got.received < got.expected], [200, false, true], JSON.stringify(got));
  // So small that nothing has left yet when the judgement falls.
  await world.ada.form(incident, uploadParts(bytesOf(100), { chunk_index: '3' }));
  await world.blobs.write(chunkName(incident, '', 3), bytesOf(100));
  for (const index of [1, 2, 3]) {
    const answer = await world.ada.get(`/v1/incidents/${incident}/chunks/video/${index}`);
    assert.deepEqual([answer.status, answer.code], [500, 'evidence_corrupt'], String(index));
  }
});
