import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { bytesOf, type Client } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { added, quota, upload } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-quota', {
    SAFE_DOCUMENTS_QUOTA_BYTES: '10000',
    SAFE_DOCUMENTS_QUOTA_COUNT: '3',
    SAFE_DELETION_WORKER_INTERVAL: '100ms',
  });
});
after(() => world.close());

const limits = (account: string, bytes: number | null, documents: number | null) =>
  world.root.post(`/v1/admin/accounts/${account}/document-quota`, { bytes_limit: bytes, documents_limit: documents });
const put = (as: Client, id: string, bytes: Uint8Array, tag = '*') =>
  as.call('PUT', `/v1/documents/${id}/content`, bytes, { 'if-match': tag });

test('bytes and documents have each their limit, and all versions count', async () => {
  const { ada } = world;
  const fresh = { bytes_used: 0, bytes_limit: 10_000, documents_used: 0, documents_limit: 3 };
  assert.deepEqual(await quota(ada), fresh);
  const { id } = await added(ada, { name: 'one', bytes: bytesOf(6_000) });
  assert.equal((await upload(ada, { name: 'two', bytes: bytesOf(4_001) })).code, 'quota_exceeded');
  assert.equal((await put(ada, id, bytesOf(4_001))).code, 'quota_exceeded');
  assert.equal((await put(ada, id, bytesOf(4_000))).status, 200);
  assert.equal((await put(ada, id, bytesOf(1))).code, 'quota_exceeded');
  await added(ada, { name: 'two', bytes: bytesOf(0) });
  await added(ada, { name: 'three', bytes: bytesOf(0) });
  assert.equal((await upload(ada, { name: 'four', bytes: bytesOf(0) })).code, 'quota_exceeded');
  assert.deepEqual(await quota(ada), { ...fresh, bytes_used: 10_000, documents_used: 3 });
  assert.equal((await quota(world.bob)).documents_used, 0);
});

test('a request that cannot fit is refused before its body comes', async () => {
  const { ada } = world;
  const [{ id }] = (await ada.get('/v1/documents')).body.documents;
  const form = 'multipart/form-data; boundary=b';
  const announced = [
    ['PUT', `/v1/documents/${id}/content`, 'text/plain', ''],
    ['POST', '/v1/documents', form, '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx'],
  ] as const;
  for (const [method, path, type, start] of announced)
    assert.equal(await announce(ada, method, path, type, start), 413, method);
});

test('a body whose length nobody says is cut where the room ends', async () => {
  const { ada } = world;
  const [{ id }] = (await ada.get('/v1/documents')).body.documents;
  const form = 'multipart/form-data; boundary=b';
  const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
  await limits(world.accounts.ada, 11_000, 0);
  for (const [method, path, type, start] of [
    ['PUT', `/v1/documents/${id}/content`, 'text/plain', ''],
    ['POST', '/v1/documents', form, file],
  ] as const)
    assert.deepEqual(await pour(ada, method, path, type, start), [413, 'quota_exceeded'], method);
  await limits(world.accounts.ada, null, null);
});

/** 64 KiB at a time, without an end: only an answer on the way ends it. */
function pour(
  as: Client,
  method: string,
  path: string,
  type: string,
  start: string,
): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${as.token}`, 'if-match': '*', 'content-type': type };
    const asking = request(`${as.url}${path}`, { method, headers }, async (answer) => {
      clearInterval(pouring);
      const body = JSON.parse(await text(answer));
      resolve([answer.statusCode, body.error?.code ?? '']);
      asking.destroy();
    });
    asking.on('error', reject).write(start === '' ? 'x' : start);
    const pouring = setInterval(() => asking.write(Buffer.alloc(65_536)), 10);
    asking.setTimeout(5_000, () => asking.destroy(new Error('no answer on the way')));
  });
}

/** Says that 200 MB come, and sends only the start: nothing but an answer before the rest can end this. */
function announce(as: Client, method: string, path: string, type: string, start: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${as.token}`,
      'if-match': '*',
      'content-type': type,
      'content-length': '200000000',
    };
    const asking = request(`${as.url}${path}`, { method, headers }, (answer) => {
      resolve(answer.statusCode);
      asking.destroy();
    });
    asking.setTimeout(5_000, () => asking.destroy(new Error('no answer before the body')));
    asking.on('error', reject).flushHeaders();
    asking.write(start === '' ? 'x' : start);
  });
}

test('what is in the trash counts, also while it is being deleted; a repeated request is answered without room', async () => {
  const { bob } = world;
  const bytes = bytesOf(9_000);
  const wish = { name: 'big', bytes, headers: { 'idempotency-key': 'big' } };
  const { id } = await added(bob, wish);
  assert.deepEqual([(await upload(bob, wish)).status, (await upload(bob, wish)).body.document.id], [200, id]);
  await bob.call('DELETE', `/v1/documents/${id}`);
  assert.equal((await upload(bob, { name: 'more', bytes: bytesOf(2_000) })).code, 'quota_exceeded');
  await bob.call('DELETE', `/v1/documents/${id}?permanent=true`);
  await until(async () => ((await quota(bob)).bytes_used === 0 ? true : undefined), 'room is given back');
  await added(bob, { name: 'more', bytes: bytesOf(2_000) });
});

test('an administrator sets limits, 0 for none and null for the default; both are told and on the audit log', async () => {
  const { ada, root, bob } = world;
  const { ada: account } = world.accounts;
  assert.equal(
    (await bob.post(`/v1/admin/accounts/${account}/document-quota`, { bytes_limit: 1, documents_limit: 1 })).code,
    'forbidden',
  );
  assert.equal((await limits('acct_none', 1, 1)).code, 'account_not_found');
  assert.equal(
    (await root.post(`/v1/admin/accounts/${account}/document-quota`, { bytes_limit: -1, documents_limit: 1 })).code,
    'invalid_request',
  );
  const set = await limits(account, 0, 4);
  assert.deepEqual(set.body.quota, { bytes_used: 10_000, documents_used: 3, documents_limit: 4 });
  await added(ada, { name: 'five', bytes: bytesOf(20_000) });
  assert.equal((await limits(account, 5, null)).body.quota.documents_limit, 3, 'below what is used');
  assert.equal((await upload(ada, { name: 'six', bytes: bytesOf(0) })).code, 'quota_exceeded');
  await world.rows(async (query) => {
    const entries = await query(
      "SELECT actor_account_id, owner_account_id FROM audit_log WHERE action = 'account.set_document_quota' ORDER BY seq DESC LIMIT 2",
    );
    assert.deepEqual(
      entries.map((entry) => ({ ...entry })),
      Array.from({ length: 2 }, () => ({ actor_account_id: world.accounts.root, owner_account_id: account })),
    );
  });
});
