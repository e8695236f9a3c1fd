import assert from 'node:assert/strict';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { type Api, api, openIncident, openStream, sha256, signIn } from '../support/api.ts';
import { blobFile, chunkBytes, hashOfFile, listRows, type SentChunk, sendChunk } from '../support/ledger.ts';
import { head, openRaw } from '../support/raw-request.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

const folder = scratchFolder('unconfirmed');
const dataDir = folder.path;
after(() => folder.remove());
let token = '';

/** A server that was killed between the bytes and the row of a chunk, and started again. */
async function afterKill(): Promise<{ server: TestServer; ada: Api; chunk: SentChunk }> {
  if (token === '') {
    await createAccount(dataDir, 'ada', 'admin');
    const first = await startServer({ dataDir });
    token = (await signIn(first.url, 'ada')).token;
    await first.stop();
  }
  const armed = await startServer({ dataDir, env: { PROOFLINE_FAILPOINT: 'after-blob-commit' } });
  const before = api(armed.url, token);
  const incidentId = await openIncident(before);
  const streamId = await openStream(before, incidentId);
  const chunk: SentChunk = { incidentId, streamId, index: 1, size: 70_000, key: `key-${incidentId}` };
  assert.equal(await sendChunk(before, chunk), undefined, 'killed before it could answer');
  assert.equal(hashOfFile(blobFile(dataDir, chunk)), sha256(chunkBytes(chunk)).toString('hex'), 'the bytes are there');
  const server = await startServer({ dataDir });
  return { server, ada: api(server.url, token), chunk };
}

test('a blob without a row is shown nowhere, kept from other bytes, and adopted by its own', async () => {
  const { server, ada, chunk } = await afterKill();
  try {
    assert.deepEqual(await listRows(ada, chunk.incidentId), []);
    const path = `/v1/incidents/${chunk.incidentId}/streams/${chunk.streamId}`;
    assert.equal((await ada.call('POST', `${path}/complete`, { expected_chunk_count: 1 })).status, 409);
    assert.equal((await ada.call('GET', `${path}/download`)).status, 409);

    const others = Buffer.from(chunkBytes(chunk));
    others.reverse();
    const refused = await ada.putChunk(chunk.incidentId, chunk.streamId, 1, others, { key: 'others' });
    assert.deepEqual([refused.status, refused.body.error.code], [409, 'duplicate_chunk_conflict']);
    assert.equal(hashOfFile(blobFile(dataDir, chunk)), sha256(chunkBytes(chunk)).toString('hex'), 'not overwritten');

    assert.equal((await sendChunk(ada, chunk))?.status, 201);
    assert.equal((await sendChunk(ada, chunk))?.status, 200);
    assert.equal((await ada.call('POST', `${path}/complete`, { expected_chunk_count: 1 })).status, 200);
  } finally {
    await server.stop();
  }
});

/** An upload that was authorised, and whose body comes when the test says so. */
async function heldUpload(server: TestServer, chunk: SentChunk) {
  const bytes = chunkBytes(chunk);
  const raw = await openRaw(server.url);
  raw.send(
    head('PUT', `/v1/incidents/${chunk.incidentId}/streams/${chunk.streamId}/chunks/${chunk.index}`, {
      Authorization: `Bearer ${token}`,
      'Content-Length': bytes.length,
      'Repr-Digest': `sha-256=:${sha256(bytes).toString('base64')}:`,
      'Proofline-Started-At': '2026-01-01T00:00:00Z',
      'Proofline-Ended-At': '2026-01-01T00:00:02Z',
    }),
  );
  raw.send(bytes.subarray(0, 1000));
  // Until the server has judged the head; it says nothing when it agrees.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    finish: async () => {
      raw.send(bytes.subarray(1000));
      const answer = await raw.answer();
      raw.reset();
      return answer;
    },
  };
}

test('a refusal at the last step takes away the blob that this request made', async () => {
  const { server, ada, chunk } = await afterKill();
  try {
    const own = { ...chunk, index: 2, key: `own-${chunk.incidentId}` };
    const held = await heldUpload(server, own);
    await ada.call('POST', `/v1/incidents/${chunk.incidentId}/close`);
    assert.equal((await held.finish())?.status, 409);
    assert.equal(existsSync(blobFile(dataDir, own)), false);
    assert.deepEqual(await listRows(ada, chunk.incidentId), []);
  } finally {
    await server.stop();
  }
});

test('a refusal at the last step leaves a blob that stood there before', async () => {
  const { server, ada, chunk } = await afterKill();
  try {
    const held = await heldUpload(server, chunk);
    await ada.call('POST', `/v1/incidents/${chunk.incidentId}/close`);
    assert.equal((await held.finish())?.status, 409);
    assert.equal(hashOfFile(blobFile(dataDir, chunk)), sha256(chunkBytes(chunk)).toString('hex'));
  } finally {
    await server.stop();
  }
});

test('what a crash left in staging goes by age at the next start, and nothing younger', async () => {
  const { server } = await afterKill();
  await server.stop();
  const [old, young] = [`${dataDir}/staging/old`, `${dataDir}/staging/young`];
  for (const name of [old, young]) writeFileSync(name, 'left behind');
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(old, longAgo, longAgo);
  const next = await startServer({ dataDir });
  await next.stop();
  assert.deepEqual([existsSync(old), existsSync(young)], [false, true]);
});
