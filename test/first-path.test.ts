import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Api, openIncident, openStream, sha256, signIn } from './support/api.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from './support/server.ts';

const folder = scratchFolder('first-path');
let server: TestServer;
let ada: Api;

before(async () => {
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path });
  ada = await signIn(server.url, 'ada');
});

after(async () => {
  assert.equal(await server.stop(), 0, server.log());
  folder.remove();
});

test('a chunk is accepted once, replayed under its key, bundled when its stream is complete, and gone after deletion', async () => {
  const incident = await openIncident(ada);
  const stream = await openStream(ada, incident);
  const bytes = randomBytes(70_000);

  const first = await ada.putChunk(incident, stream, 1, bytes, { key: 'one' });
  assert.equal(first.status, 201);
  assert.equal(first.body.sha256_hex, sha256(bytes).toString('hex'));
  const again = await ada.putChunk(incident, stream, 1, bytes, { key: 'one' });
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, 'true']);
  assert.deepEqual(again.body, first.body);
  assert.equal((await ada.putChunk(incident, stream, 1, bytes)).body.error.code, 'duplicate_chunk');

  const done = await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/complete`, {
    expected_chunk_count: 1,
  });
  assert.equal(done.body.stream.status, 'complete');
  const response = await fetch(`${server.url}/v1/incidents/${incident}/streams/${stream}/download`, {
    headers: { authorization: `Bearer ${ada.token}` },
  });
  const zip = Buffer.from(await response.arrayBuffer());
  assert.equal(zip.length, Number(response.headers.get('content-length')));
  assert.ok(zip.includes(bytes), 'the stored entry holds the very bytes');

  const deletion = await ada.call('POST', `/v1/incidents/${incident}/deletion`, { allow_open: true });
  assert.equal(deletion.status, 202);
  assert.equal((await ada.putChunk(incident, stream, 2, bytes)).body.error.code, 'incident_deleting');
});
