import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { type Api, openIncident, openStream, signIn } from '../support/api.ts';
import { holdUpload } from '../support/held-upload.ts';
import { blobFile, listRows, type SentChunk, sendChunk } from '../support/ledger.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';

/** What an upload was allowed on changes while its body arrives: it is judged again where nothing can change any more. */
const folder = scratchFolder('rechecks');
let server: TestServer;
let ada: Api;

before(async () => {
  await createAccount(folder.path, 'ada', 'admin');
  server = await startServer({ dataDir: folder.path });
  ada = await signIn(server.url, 'ada');
});
after(async () => {
  await server.stop();
  folder.remove();
});

async function aChunk(index = 1, size = 70_000): Promise<SentChunk> {
  const incidentId = await openIncident(ada);
  const streamId = await openStream(ada, incidentId);
  return { incidentId, streamId, index, size, key: `${incidentId}-${index}` };
}

async function assertNothingOf(chunk: SentChunk): Promise<void> {
  assert.equal(existsSync(blobFile(folder.path, chunk)), false, 'no blob stays');
  assert.deepEqual(await listRows(ada, chunk.incidentId), []);
}

test('a stream that failed meanwhile takes no chunk', async () => {
  const chunk = await aChunk();
  const held = await holdUpload(server.url, ada.token, chunk);
  await ada.call('POST', `/v1/incidents/${chunk.incidentId}/streams/${chunk.streamId}/fail`, {});
  const answer = await held.finish();
  assert.deepEqual([answer?.status, answer?.body.includes('stream_not_open')], [409, true]);
  await assertNothingOf(chunk);
});

test('an incident that was closed meanwhile takes no chunk', async () => {
  const chunk = await aChunk();
  const held = await holdUpload(server.url, ada.token, chunk);
  await ada.call('POST', `/v1/incidents/${chunk.incidentId}/close`);
  const answer = await held.finish();
  assert.deepEqual([answer?.status, answer?.body.includes('incident_closed')], [409, true]);
  await assertNothingOf(chunk);
});

test('a quota that others used up meanwhile takes no chunk', async () => {
  const { account, quota } = (await ada.call('GET', '/v1/account')).body;
  const setLimit = (limit: number | null) =>
    ada.call('POST', `/v1/admin/accounts/${account.id}/quota`, { bytes_limit: limit });
  await setLimit(quota.bytes_used + 100_000);
  const chunk = await aChunk();
  const held = await holdUpload(server.url, ada.token, chunk);
  assert.equal((await sendChunk(ada, await aChunk()))?.status, 201);
  const answer = await held.finish();
  await setLimit(null);
  assert.deepEqual([answer?.status, answer?.body.includes('quota_exceeded')], [413, true]);
  await assertNothingOf(chunk);
});

test('a write that waited for another process is accepted, not refused for a stale look', async () => {
  const chunk = await aChunk();
  const other = new DatabaseSync(join(folder.path, 'proofline.db'));
  try {
    other.exec('BEGIN IMMEDIATE; UPDATE accounts SET updated_at = updated_at');
    const sent = sendChunk(ada, chunk);
    await new Promise((resolve) => setTimeout(resolve, 400));
    other.exec('COMMIT');
    assert.equal((await sent)?.status, 201);
  } finally {
    other.close();
  }
});
