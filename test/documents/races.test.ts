import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOf } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { added, folder, names, quota, upload } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-races');
});
after(() => world.close());

const at = async (count: number, what: (n: number) => Promise<{ status: number; code: string }>) => {
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => what(n)));
  const tally: Record<string, number> = {};
  for (const { status, code } of answers)
    tally[code === '' ? status : code] = (tally[code === '' ? status : code] ?? 0) + 1;
  return tally;
};
const limits = (bytes: number, documents: number) =>
  world.root.post(`/v1/admin/accounts/${world.accounts.ada}/document-quota`, {
    bytes_limit: bytes,
    documents_limit: documents,
  });

test('many uploads at once never exceed a quota, of bytes or of documents', async () => {
  const { ada } = world;
  for (let round = 0; round < 5; round++) {
    const { bytes_used, documents_used } = await quota(ada);
    await limits(bytes_used + 5 * 1_000 + 999, 0);
    const bytes = await at(32, (n) => upload(ada, { name: `b${round}-${n}`, bytes: bytesOf(1_000) }));
    assert.deepEqual(bytes, { 201: 5, quota_exceeded: 27 });
    await limits(0, documents_used + 5 + 7);
    const documents = await at(32, (n) => upload(ada, { name: `d${round}-${n}`, bytes: bytesOf(10) }));
    assert.deepEqual(documents, { 201: 7, quota_exceeded: 25 });
    const now = await quota(ada);
    assert.deepEqual([now.bytes_used - bytes_used, now.documents_used - documents_used], [5 * 1_000 + 7 * 10, 12]);
  }
  await limits(0, 0);
  const stored = (await world.blobs.list('users')).length;
  assert.equal(stored, (await quota(ada)).documents_used, 'a refused upload leaves no blob');
});

test('one name, many clients: one creates, and a document and a folder cannot both', async () => {
  const { ada } = world;
  for (let round = 0; round < 10; round++) {
    const name = `one name ${round}`;
    const tally = await at(16, (n) => (n % 2 === 0 ? upload(ada, { name }) : ada.post('/v1/folders', { name })));
    assert.deepEqual(tally, { 201: 1, name_conflict: 15 });
  }
});

test('one key, many clients: one document; the same key with other bytes is a conflict', async () => {
  const { ada } = world;
  for (let round = 0; round < 10; round++) {
    const bytes = bytesOf(2_000);
    const wish = (n: number) => ({
      name: `key ${round}`,
      bytes: n % 4 === 3 ? bytesOf(2_000) : bytes,
      fields: { topics: `t${round}` },
      headers: { 'idempotency-key': `key ${round}`.replace(' ', '-') },
    });
    const tally = await at(16, (n) => upload(ada, wish(n)));
    const { 200: replayed = 0, idempotency_conflict: conflicts = 0 } = tally;
    assert.equal(tally['201'], 1, JSON.stringify(tally));
    // Whichever came first: twelve are alike, and each of four is of its own kind.
    assert.ok((replayed === 11 && conflicts === 4) || (replayed === 0 && conflicts === 15), JSON.stringify(tally));
  }
});

test('one version to follow, many clients: one does', async () => {
  const { ada } = world;
  const { id } = await added(ada, { name: 'followed' });
  for (let version = 1; version <= 10; version++) {
    const tally = await at(12, () =>
      ada.call('PUT', `/v1/documents/${id}/content`, bytesOf(100), { 'if-match': `"${version}"` }),
    );
    assert.deepEqual(tally, { 200: 1, version_conflict: 11 });
  }
  assert.equal((await ada.get(`/v1/documents/${id}/versions`)).body.versions.length, 11);
});

test('folders that are moved into one another at once never make a circle', async () => {
  const { ada } = world;
  const ids = await Promise.all(Array.from({ length: 6 }, (_, n) => folder(ada, `ring ${n}`)));
  for (let round = 0; round < 25; round++) {
    await Promise.all(
      ids.map((id, n) =>
        ada.call('PATCH', `/v1/folders/${id}`, { parent_id: ids[(n + 1 + (round % 5)) % ids.length] }),
      ),
    );
    const parents = new Map<string, string | undefined>();
    for (const id of ids) parents.set(id, (await ada.get(`/v1/folders/${id}`)).body.folder.parent_id);
    for (const id of ids) {
      let steps = 0;
      for (let above: string | undefined = id; above !== undefined; above = parents.get(above)) {
        steps += 1;
        assert.ok(steps <= ids.length, 'a circle');
      }
    }
    await Promise.all(ids.map((id) => ada.call('PATCH', `/v1/folders/${id}`, { parent_id: null })));
  }
});

test('adding to a folder against its way into the trash: nothing lives in what is trashed', async () => {
  const { bob } = world;
  for (let round = 0; round < 10; round++) {
    const box = await folder(bob, `box ${round}`);
    const inner = await folder(bob, 'inner', box);
    await at(8, (n) => {
      if (n === 4) return bob.call('DELETE', `/v1/folders/${box}`);
      const into = n % 2 === 0 ? box : inner;
      return n % 3 === 0
        ? bob.post('/v1/folders', { name: `f${n}`, parent_id: into })
        : upload(bob, { name: `d${n}`, fields: { folder_id: into } });
    });
  }
  await world.rows(async (query) => {
    const alive = await query(
      'SELECT d.id FROM documents d JOIN folders f ON f.id = d.folder_id WHERE d.trashed_at IS NULL AND f.trashed_at IS NOT NULL',
    );
    const below = await query(
      'SELECT c.id FROM folders c JOIN folders f ON f.id = c.parent_id WHERE c.trashed_at IS NULL AND f.trashed_at IS NOT NULL',
    );
    assert.deepEqual([alive, below], [[], []]);
  });
  assert.deepEqual(await names(bob, '/v1/folders', 'folders'), []);
});

test('topics of one name, made by many at once, are one', async () => {
  const { ada } = world;
  for (let round = 0; round < 5; round++) {
    const topic = `same ${round}`;
    const tally = await at(12, (n) =>
      n % 2 === 0
        ? ada.post('/v1/topics', { name: topic })
        : upload(ada, { name: `t${round}-${n}`, fields: { topics: topic } }),
    );
    assert.equal((tally['201'] ?? 0) + (tally['200'] ?? 0), 12, JSON.stringify(tally));
    assert.equal((await names(ada, `/v1/documents?topic=${topic}`)).length, 6);
  }
});
