import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openWorld, type World } from '../http/support/world.ts';
import { slowForm } from './support/slow-form.ts';
import { added, folder, quota, upload } from './support/vault.ts';

/** What an upload was let in on changes while its file arrives: it is judged again where nothing can change any more. */
let world: World;
before(async () => {
  world = await openWorld('judged-again');
});
after(() => world.close());

const stored = async () => (await world.blobs.list('users')).length;

/** Folder of Ada's that Bob may edit, and how she takes that back. */
async function sharedFolder(name: string) {
  const { ada } = world;
  const id = await folder(ada, name);
  const share = await ada.post(`/v1/folders/${id}/shares`, { kind: 'account', username: 'bob', access: 'edit' });
  assert.equal(share.status, 201, share.code);
  return { id, revoke: () => ada.call('DELETE', `/v1/shares/${share.body.share.id}`) };
}

test('a folder, a name, room and a right that are gone by the end let nothing in, and no blob stays', async () => {
  const { ada, bob, root } = world;
  const box = await folder(ada, 'trashed meanwhile');
  const lent = await sharedFolder('lent meanwhile');
  const path = `/v1/admin/accounts/${world.accounts.bob}/document-quota`;
  const changes: [string, Record<string, string>, () => Promise<unknown>, typeof ada][] = [
    ['folder_not_found', { folder_id: box }, () => ada.call('DELETE', `/v1/folders/${box}`), ada],
    ['name_conflict', { name: 'meanwhile' }, () => folder(ada, 'meanwhile'), ada],
    ['folder_not_found', { folder_id: lent.id }, lent.revoke, bob],
    ['quota_exceeded', {}, () => root.post(path, { bytes_limit: 1, documents_limit: null }), bob],
  ];
  for (const [code, fields, change, as] of changes) {
    const before = await stored();
    const form = await slowForm(as, fields);
    await change();
    assert.equal((await form.finish()).code, code);
    assert.equal(await stored(), before, code);
  }
  await root.post(path, { bytes_limit: null, documents_limit: null });
});

test('what stands before the file is judged before the file is there', async () => {
  const { ada, bob, root } = world;
  const lent = await sharedFolder('lent, and full');
  await added(ada, { name: 'fills it' });
  const path = `/v1/admin/accounts/${world.accounts.ada}/document-quota`;
  await root.post(path, { bytes_limit: null, documents_limit: 1 });
  const owner = await slowForm(bob, { folder_id: lent.id });
  assert.equal((await owner.answered).code, 'quota_exceeded', 'the room is that of the folder’s owner');
  await root.post(path, { bytes_limit: null, documents_limit: null });
  assert.equal((await (await slowForm(ada, { folder_id: 'fld_none' })).answered).code, 'folder_not_found');
  assert.equal((await (await slowForm(ada, { sha256_hex: 'x' })).answered).code, 'invalid_sha256_hex');

  const bytes = Buffer.from('begun and done');
  const sha256_hex = createHash('sha256').update(bytes).digest('hex');
  const headers = { 'idempotency-key': 'slow' };
  const first = await slowForm(ada, { name: 'slow', sha256_hex }, headers);
  assert.equal((await first.finish()).status, 201);
  const again = await slowForm(ada, { name: 'slow', sha256_hex }, headers);
  assert.equal((await again.answered).status, 200, 'from the key and the hash alone');
  const other = await slowForm(ada, { name: 'slower', sha256_hex }, headers);
  assert.equal((await other.answered).code, 'idempotency_conflict');
});

test('what an editor adds to a folder is its owner’s and counts for them; the root is nobody else’s', async () => {
  const { ada, bob } = world;
  const lent = await sharedFolder('lent');
  const [before, own] = [await quota(ada), await quota(bob)];
  const document = await added(bob, { name: 'by bob', fields: { folder_id: lent.id, topics: 'shared topic' } });
  assert.deepEqual(document.topics, ['shared topic']);
  const now = await quota(ada);
  assert.deepEqual([now.documents_used - before.documents_used, await quota(bob)], [1, own]);
  assert.equal((await ada.get(`/v1/documents/${document.id}`)).status, 200);
  const change = (wish: unknown) => bob.call('PATCH', `/v1/documents/${document.id}`, wish);
  assert.equal((await change({ name: 'renamed by bob' })).status, 200);
  assert.equal((await change({ folder_id: null })).code, 'forbidden');
  const foreign = await folder(bob, 'of bob');
  assert.equal((await change({ folder_id: foreign })).code, 'invalid_request');
  const put = await bob.call('PUT', `/v1/documents/${document.id}/content`, 'by bob', { 'if-match': '"1"' });
  assert.equal(put.body.document?.version, 2, put.code);
  assert.equal((await bob.call('DELETE', `/v1/documents/${document.id}?permanent=true`)).code, 'forbidden');
  const inner = await folder(bob, 'inner', lent.id);
  assert.equal((await bob.call('PATCH', `/v1/folders/${inner}`, { parent_id: null })).code, 'forbidden');
  assert.equal((await bob.call('DELETE', `/v1/folders/${inner}?permanent=true`)).code, 'forbidden');
  // Into the trash it may go, and only its owner gets it out of there.
  assert.equal((await bob.call('DELETE', `/v1/documents/${document.id}`)).status, 204);
  assert.equal((await bob.post(`/v1/documents/${document.id}/restore`)).code, 'document_not_found');
  assert.equal((await ada.post(`/v1/documents/${document.id}/restore`)).status, 200);
  await world.rows(async (query) => {
    const entries = await query(
      'SELECT action, actor_account_id, owner_account_id FROM audit_log WHERE subject_id = ?',
      document.id,
    );
    for (const entry of entries) assert.equal(entry.owner_account_id, world.accounts.ada, String(entry.action));
    assert.equal(entries.filter((entry) => entry.actor_account_id === world.accounts.bob).length, 4);
  });
});

test('who may only see cannot change anything', async () => {
  const { ada, bob } = world;
  const id = await folder(ada, 'shown');
  const document = await added(ada, { name: 'shown', fields: { folder_id: id } });
  await ada.post(`/v1/folders/${id}/shares`, { kind: 'account', username: 'bob', access: 'view' });
  const at = `/v1/documents/${document.id}`;
  assert.equal((await bob.get(`${at}/content`)).status, 200);
  assert.deepEqual((await bob.get(`/v1/documents?folder_id=${id}`)).body.documents.length, 1);
  const refused = [
    upload(bob, { name: 'x', fields: { folder_id: id } }),
    bob.post('/v1/folders', { name: 'x', parent_id: id }),
    bob.call('PATCH', at, { name: 'x' }),
    bob.call('PUT', `${at}/content`, 'x', { 'if-match': '*' }),
    bob.call('DELETE', at),
    bob.call('PATCH', `/v1/folders/${id}`, { name: 'x' }),
    bob.call('DELETE', `/v1/folders/${id}`),
  ];
  for (const answer of await Promise.all(refused)) assert.deepEqual([answer.status, answer.code], [403, 'forbidden']);
  assert.equal((await bob.get(`/v1/documents?folder_id=${id}&trashed=true`)).code, 'forbidden');
});
