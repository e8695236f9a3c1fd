import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOf } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { added, folder, names, quota, upload } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-trash', { SAFE_DELETION_WORKER_INTERVAL: '100ms' });
});
after(() => world.close());

const documentAt = (id: string) => `/v1/documents/${id}`;
const folderAt = (id: string) => `/v1/folders/${id}`;
const blobsOf = async (id: string) => (await world.blobs.list('users')).filter((name) => name.includes(id)).length;
const untilGone = (id: string) => until(async () => ((await blobsOf(id)) === 0 ? true : undefined), 'blobs removed');

test('a document in the trash can be read by its owner and changed by nobody; it comes back as it was', async () => {
  const { ada } = world;
  const bytes = bytesOf(300);
  const { id } = await added(ada, { bytes, name: 'binned' });
  assert.equal((await ada.call('DELETE', documentAt(id))).status, 204);
  assert.equal((await ada.call('DELETE', documentAt(id))).status, 204, 'again is no mistake');
  assert.ok((await ada.get(documentAt(id))).body.document.trashed_at);
  assert.deepEqual((await ada.get(`${documentAt(id)}/content`)).bytes, bytes);
  assert.ok(!(await names(ada, '/v1/documents')).includes('binned'));
  assert.deepEqual(await names(ada, '/v1/documents?trashed=true'), ['binned']);
  assert.equal((await ada.call('PATCH', documentAt(id), { name: 'x' })).code, 'document_in_trash');
  assert.equal(
    (await ada.call('PUT', `${documentAt(id)}/content`, 'x', { 'if-match': '*' })).code,
    'document_in_trash',
  );
  const back = await ada.post(`${documentAt(id)}/restore`);
  assert.deepEqual([back.status, back.body.document.trashed_at], [200, undefined]);
  assert.equal((await ada.post(`${documentAt(id)}/restore`)).status, 200);
  assert.equal((await ada.call('PATCH', documentAt(id), { name: 'unbinned' })).status, 200);
});

test('a name in the trash is free; whoever comes back to a taken one needs another', async () => {
  const { ada } = world;
  const { id } = await added(ada, { name: 'twice' });
  await ada.call('DELETE', documentAt(id));
  await added(ada, { name: 'twice' });
  const restore = (body?: unknown) => ada.post(`${documentAt(id)}/restore`, body);
  assert.equal((await restore()).code, 'name_conflict');
  assert.equal((await restore({ name: 'a/b' })).code, 'invalid_document_name');
  assert.equal((await restore({ name: 'twice, the first' })).body.document.name, 'twice, the first');
});

test('a folder whose name is taken by now comes back under another, with what went with it', async () => {
  const { ada } = world;
  const first = await folder(ada, 'Once');
  await added(ada, { name: 'within', fields: { folder_id: first } });
  await ada.call('DELETE', folderAt(first));
  await folder(ada, 'Once');
  const restore = (body?: unknown) => ada.post(`${folderAt(first)}/restore`, body);
  assert.equal((await restore()).code, 'name_conflict');
  assert.equal((await restore({ name: 'Once, the first' })).body.folder.name, 'Once, the first');
  assert.deepEqual(await names(ada, `/v1/documents?folder_id=${first}`), ['within']);
});

test('a folder takes along what is in it, and brings back just that', async () => {
  const { ada } = world;
  const top = await folder(ada, 'Top');
  const inner = await folder(ada, 'Inner', top);
  const [deep, high, alone] = [
    await added(ada, { name: 'deep', fields: { folder_id: inner } }),
    await added(ada, { name: 'high', fields: { folder_id: top } }),
    await added(ada, { name: 'alone', fields: { folder_id: inner } }),
  ];
  await ada.call('DELETE', documentAt(alone.id));
  assert.equal((await ada.call('DELETE', folderAt(top))).status, 204);
  assert.deepEqual(await names(ada, '/v1/folders?trashed=true', 'folders'), ['Top']);
  assert.deepEqual(await names(ada, `/v1/folders?trashed=true&parent_id=${top}`, 'folders'), ['Inner']);
  assert.deepEqual(await names(ada, '/v1/documents?trashed=true'), ['alone']);
  assert.deepEqual(await names(ada, `/v1/documents?trashed=true&folder_id=${inner}`), ['deep', 'alone']);
  assert.equal((await upload(ada, { fields: { folder_id: inner } })).code, 'folder_not_found');
  assert.equal((await ada.post('/v1/folders', { name: 'x', parent_id: top })).code, 'folder_not_found');
  assert.equal((await ada.call('PATCH', folderAt(inner), { name: 'x' })).code, 'document_in_trash');
  assert.equal((await ada.call('PATCH', documentAt(deep.id), { name: 'x' })).code, 'document_in_trash');

  assert.equal((await ada.post(`${folderAt(top)}/restore`)).status, 200);
  assert.deepEqual(await names(ada, `/v1/documents?folder_id=${inner}`), ['deep']);
  assert.deepEqual(await names(ada, `/v1/documents?folder_id=${top}`), ['high']);
  assert.equal((await ada.get(documentAt(high.id))).body.document.folder_id, top);
  assert.deepEqual(await names(ada, '/v1/documents?trashed=true'), ['alone']);
});

test('what comes back alone out of a trashed folder goes to the root, a folder with what lay in it', async () => {
  const { bob } = world;
  const top = await folder(bob, 'Gone');
  const inner = await folder(bob, 'Part', top);
  const leaf = await folder(bob, 'Leaf', inner);
  const [one, two] = [
    await added(bob, { name: 'one', fields: { folder_id: top } }),
    await added(bob, { name: 'two', fields: { folder_id: leaf } }),
  ];
  await bob.call('DELETE', folderAt(top));
  assert.equal((await bob.post(`${documentAt(one.id)}/restore`)).body.document.folder_id, undefined);
  const part = await bob.post(`${folderAt(inner)}/restore`);
  assert.deepEqual([part.status, part.body.folder.parent_id], [200, undefined]);
  assert.equal((await bob.get(documentAt(two.id))).body.document.trashed_at, undefined);
  assert.deepEqual(await names(bob, '/v1/folders', 'folders'), ['Part', 'Leaf']);
  assert.deepEqual(await names(bob, '/v1/folders?trashed=true', 'folders'), ['Gone']);
  assert.equal((await bob.call('DELETE', `${folderAt(top)}?permanent=true`)).status, 204);
  assert.equal((await bob.get(folderAt(top))).code, 'folder_not_found');
});

test('for good: seen by nobody at once, its bytes and rows go, its room comes back', async () => {
  const { ada } = world;
  const before = await quota(ada);
  const { id } = await added(ada, { bytes: bytesOf(5_000), name: 'for good', fields: { topics: 'last' } });
  await ada.call('PUT', `${documentAt(id)}/content`, bytesOf(6_000), { 'if-match': '"1"' });
  const stray = `users/${world.accounts.ada}/documents/${id}/7-01m8a0ctr9tt0bks8n10s0k4j1`;
  await world.blobs.write(stray, bytesOf(10));
  assert.equal((await ada.call('DELETE', `${documentAt(id)}?permanent=true`)).status, 204);
  for (const path of [documentAt(id), `${documentAt(id)}/content`, `${documentAt(id)}/versions`])
    assert.equal((await ada.get(path)).code, 'document_not_found');
  assert.equal((await ada.post(`${documentAt(id)}/restore`)).code, 'document_not_found');
  assert.equal((await ada.call('DELETE', `${documentAt(id)}?permanent=true`)).code, 'document_not_found');
  assert.ok(!(await names(ada, '/v1/documents?trashed=true')).includes('for good'));
  await untilGone(id);
  await until(async () => ((await quota(ada)).documents_used === before.documents_used ? true : undefined), 'room');
  assert.deepEqual(await quota(ada), before);
  await world.rows(async (query) => {
    for (const table of ['document_versions', 'document_topics', 'document_texts', 'jobs'])
      assert.deepEqual(await query(`SELECT * FROM ${table} WHERE document_id = ?`, id), [], table);
    const entries = await query('SELECT action, actor, detail FROM audit_log WHERE subject_id = ? ORDER BY seq', id);
    assert.deepEqual({ ...entries.at(-2) }, { action: 'document.delete', actor: 'account', detail: null });
    assert.deepEqual({ ...entries.at(-1) }, { action: 'document.deleted', actor: 'server', detail: 'versions: 2' });
  });
});

test('a folder for good takes its tree; what had gone to the trash before stays there, without a folder', async () => {
  const { ada } = world;
  const top = await folder(ada, 'Doomed');
  const inner = await folder(ada, 'Inside', top);
  const early = await folder(ada, 'Early', inner);
  const old = await added(ada, { name: 'old', fields: { folder_id: inner } });
  const fresh = await added(ada, { name: 'fresh', fields: { folder_id: inner } });
  await ada.call('DELETE', documentAt(old.id));
  await ada.call('DELETE', folderAt(early));
  assert.equal((await ada.call('DELETE', `${folderAt(top)}?permanent=true`)).status, 204);
  for (const id of [top, inner]) assert.equal((await ada.get(folderAt(id))).code, 'folder_not_found');
  assert.equal((await ada.get(documentAt(fresh.id))).code, 'document_not_found');
  await untilGone(fresh.id);
  assert.equal((await ada.post(`${documentAt(old.id)}/restore`)).body.document.folder_id, undefined);
  assert.equal((await ada.post(`${folderAt(early)}/restore`)).body.folder.parent_id, undefined);
});

test('the trash is emptied at once, and by itself after its time; nothing else is touched', async () => {
  const { bob } = world;
  const box = await folder(bob, 'Box');
  const inside = await added(bob, { name: 'inside', fields: { folder_id: box } });
  const loose = await added(bob, { name: 'loose' });
  const kept = await added(bob, { name: 'kept' });
  await bob.call('DELETE', folderAt(box));
  await bob.call('DELETE', documentAt(loose.id));
  const emptied = await bob.call('DELETE', '/v1/trash');
  assert.deepEqual([emptied.status, emptied.body.documents], [200, 2]);
  assert.equal((await bob.call('DELETE', '/v1/trash')).body.documents, 0);
  await untilGone(inside.id);
  await untilGone(loose.id);
  assert.equal((await bob.get(folderAt(box))).code, 'folder_not_found');

  const [late, early] = [await added(bob, { name: 'late' }), await folder(bob, 'Early')];
  const with_ = await added(bob, { name: 'with', fields: { folder_id: early } });
  await bob.call('DELETE', documentAt(late.id));
  await bob.call('DELETE', folderAt(early));
  await world.rows(async (query) => {
    const longAgo = new Date(Date.now() - 31 * 86_400_000).toISOString();
    await query('UPDATE folders SET trashed_at = ? WHERE id = ?', longAgo, early);
    await query('UPDATE documents SET trashed_at = ? WHERE id = ?', longAgo, with_.id);
  });
  await untilGone(with_.id);
  assert.equal((await bob.get(folderAt(early))).code, 'folder_not_found');
  assert.deepEqual(await names(bob, '/v1/documents?trashed=true'), ['late']);
  assert.equal(await blobsOf(kept.id), 1);
});

test('folders: no circles, not too deep, renamed and moved', async () => {
  const { ada } = world;
  const a = await folder(ada, 'A');
  const b = await folder(ada, 'B', a);
  const c = await folder(ada, 'C', b);
  const move = (id: string, parent_id: string | null) => ada.call('PATCH', folderAt(id), { parent_id });
  for (const into of [a, b, c]) assert.equal((await move(a, into)).code, 'folder_cycle');
  assert.equal((await move(c, null)).body.folder.parent_id, undefined);
  assert.equal((await move(a, c)).body.folder.parent_id, c);
  assert.equal((await move(c, b)).code, 'folder_cycle');
  assert.equal((await ada.call('PATCH', folderAt(a), { name: 'A2' })).body.folder.name, 'A2');
  assert.equal((await ada.call('PATCH', folderAt(a), {})).code, 'invalid_request');
  let deepest = await folder(ada, 'deep');
  for (let depth = 2; depth <= 64; depth++) deepest = await folder(ada, 'deeper', deepest);
  assert.equal((await ada.post('/v1/folders', { name: 'too deep', parent_id: deepest })).code, 'invalid_request');
  assert.equal((await move(c, deepest)).code, 'invalid_request');
  assert.equal((await world.bob.get(folderAt(a))).code, 'folder_not_found');
});
