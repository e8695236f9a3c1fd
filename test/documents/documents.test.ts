import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOf, sha256Hex } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { added, folder, names, upload } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents');
});
after(() => world.close());

test('a form may name the document, its folder and its topics, before the file or after it', async () => {
  const { ada } = world;
  const home = await folder(ada, 'Home');
  for (const first of ['file', 'fields'] as const) {
    const bytes = bytesOf(1_000);
    const document = await added(ada, {
      bytes,
      first,
      name: 'scan.pdf',
      mediaType: 'application/pdf; charset=binary',
      fields: {
        name: ` Rent ${first}.pdf `,
        folder_id: home,
        topics: 'rent, home ,rent',
        sha256_hex: sha256Hex(bytes),
      },
    });
    assert.deepEqual(
      { ...document, id: '', created_at: '', updated_at: '' },
      {
        id: '',
        name: `Rent ${first}.pdf`,
        folder_id: home,
        media_type: 'application/pdf',
        byte_size: 1_000,
        sha256_hex: sha256Hex(bytes),
        version: 1,
        status: 'processing',
        topics: ['home', 'rent'],
        created_at: '',
        updated_at: '',
      },
    );
  }
  assert.deepEqual((await names(ada, '/v1/topics', 'topics')).sort(), ['home', 'rent']);
});

test('what a form says wrongly is refused with its code, and nothing is kept', async () => {
  const { ada } = world;
  const before = (await world.blobs.list('users')).length;
  const wrong: [string, Record<string, string>][] = [
    ['invalid_document_name', { name: 'a/b' }],
    ['invalid_document_name', { name: '' }],
    ['invalid_document_name', { name: '..' }],
    ['folder_not_found', { folder_id: 'fld_00000000000000000000000000' }],
    ['invalid_request', { topics: 'x'.repeat(101) }],
    ['invalid_request', { topics: Array.from({ length: 33 }, (_, n) => n).join(',') }],
    ['invalid_sha256_hex', { sha256_hex: 'abc' }],
    ['hash_mismatch', { sha256_hex: '0'.repeat(64) }],
    ['invalid_multipart', { colour: 'red' }],
  ];
  for (const [code, fields] of wrong)
    for (const first of ['file', 'fields'] as const)
      assert.equal((await upload(ada, { fields, first })).code, code, JSON.stringify(fields));
  assert.equal((await upload(ada, { headers: { 'idempotency-key': 'a b' } })).code, 'invalid_idempotency_key');
  assert.equal((await world.blobs.list('users')).length, before);
});

test('one name once in a folder, over documents and folders, as Unicode composes it', async () => {
  const { ada } = world;
  const id = await folder(ada, 'Names');
  const into = { folder_id: id };
  await added(ada, { name: 'Müller', fields: into });
  assert.equal((await upload(ada, { name: 'Mu\u0308ller', fields: into })).code, 'name_conflict');
  assert.equal((await ada.post('/v1/folders', { name: 'Mu\u0308ller', parent_id: id })).code, 'name_conflict');
  const inner = await folder(ada, 'inner', id);
  const other = await added(ada, { name: 'other', fields: into });
  assert.equal((await upload(ada, { name: 'inner', fields: into })).code, 'name_conflict');
  assert.equal((await ada.call('PATCH', `/v1/documents/${other.id}`, { name: 'inner' })).code, 'name_conflict');
  assert.equal((await ada.call('PATCH', `/v1/folders/${inner}`, { name: 'other' })).code, 'name_conflict');
  assert.equal((await ada.call('PATCH', `/v1/documents/${other.id}`, { name: 'other' })).status, 200);
  await added(ada, { name: 'inner', fields: { folder_id: inner } });
  await added(world.bob, { name: 'Müller' });
});

test('listings are cut into pages, by folder, root and topic', async () => {
  const ada = world.bob;
  const box = await folder(ada, 'Box');
  for (const n of [1, 2, 3, 4, 5])
    await added(ada, { name: `in ${n}`, fields: { folder_id: box, topics: n > 3 ? 'late' : 'soon' } });
  await added(ada, { name: 'loose', fields: { topics: 'late' } });
  assert.deepEqual(await names(ada, `/v1/documents?folder_id=${box}`), ['in 1', 'in 2', 'in 3', 'in 4', 'in 5']);
  assert.deepEqual(
    (await names(ada, '/v1/documents?folder_id=root')).filter((name) => name !== 'Müller'),
    ['loose'],
  );
  assert.deepEqual(await names(ada, '/v1/documents?topic=late'), ['in 4', 'in 5', 'loose']);
  assert.deepEqual(await names(ada, `/v1/documents?topic=late&folder_id=${box}`), ['in 4', 'in 5']);
  assert.deepEqual(await names(ada, '/v1/documents?topic=never'), []);
  assert.equal((await ada.get('/v1/documents?cursor=rubbish')).code, 'invalid_cursor');
  assert.equal((await ada.get('/v1/documents?folder_id=fld_none')).code, 'folder_not_found');
  assert.equal((await world.ada.get(`/v1/documents?folder_id=${box}`)).code, 'folder_not_found');
});

test('a document is renamed and moved; null is the root', async () => {
  const { ada } = world;
  const [here, there] = [await folder(ada, 'Here'), await folder(ada, 'There')];
  const { id } = await added(ada, { name: 'mover', fields: { folder_id: here } });
  const change = (wish: unknown) => ada.call('PATCH', `/v1/documents/${id}`, wish);
  const moved = await change({ name: 'moved', folder_id: there });
  assert.deepEqual([moved.body.document.name, moved.body.document.folder_id], ['moved', there]);
  assert.deepEqual(await names(ada, `/v1/documents?folder_id=${here}`), []);
  assert.equal((await change({ folder_id: null })).body.document.folder_id, undefined);
  assert.equal((await change({})).code, 'invalid_request');
  assert.equal((await change({ name: '\0' })).code, 'invalid_document_name');
  assert.equal((await change({ folder_id: 'fld_none' })).code, 'folder_not_found');
  const foreign = await folder(world.bob, 'Foreign');
  assert.equal((await change({ folder_id: foreign })).code, 'folder_not_found');
});

test('topics: a list is all there is; a suggestion in it is confirmed, one that is not is refused', async () => {
  const { ada } = world;
  const { id } = await added(ada, { name: 'suggested', fields: { topics: 'given' } });
  const suggest = async (name: string) => {
    const made = await ada.post('/v1/topics', { name });
    assert.equal(made.status, 201);
    await world.rows(async (query) => {
      await query(
        "INSERT INTO document_topics (document_id, topic_id, owner_account_id, state, created_at) VALUES (?, ?, ?, 'suggested', ?)",
        ...[id, made.body.topic.id, world.accounts.ada, new Date().toISOString()],
      );
    });
  };
  await suggest('good');
  await suggest('bad');
  const path = `/v1/documents/${id}`;
  const before = (await ada.get(path)).body.document;
  assert.deepEqual([before.topics, before.suggested_topics], [['given'], ['bad', 'good']]);
  assert.deepEqual(await names(ada, '/v1/documents?topic=good'), []);
  const now = (await ada.call('PATCH', path, { topics: ['good', 'new'] })).body.document;
  assert.deepEqual([now.topics, now.suggested_topics], [['good', 'new'], undefined]);
  assert.deepEqual(await names(ada, '/v1/documents?topic=good'), ['suggested']);
  assert.deepEqual((await ada.call('PATCH', path, { topics: [] })).body.document.topics, []);
});

test('a topic is made once, and taken from every document when it goes', async () => {
  const { ada } = world;
  const made = await ada.post('/v1/topics', { name: 'Taxes' });
  const again = await ada.post('/v1/topics', { name: ' Taxes ' });
  assert.deepEqual([made.status, again.status, again.body.topic.id], [201, 200, made.body.topic.id]);
  const { id } = await added(ada, { name: 'taxed', fields: { topics: 'Taxes,Kept' } });
  const path = `/v1/topics/${made.body.topic.id}`;
  assert.equal((await world.bob.call('DELETE', path)).code, 'topic_not_found');
  assert.equal((await ada.call('DELETE', path)).status, 204);
  assert.equal((await ada.call('DELETE', path)).code, 'topic_not_found');
  assert.deepEqual((await ada.get(`/v1/documents/${id}`)).body.document.topics, ['Kept']);
  await world.rows(async (query) => {
    const [words] = await query('SELECT name, topics FROM document_texts WHERE document_id = ?', id);
    assert.deepEqual({ ...words }, { name: 'taxed', topics: 'kept' });
  });
  for (const name of ['a,b', '', 'x'.repeat(101), '\n'])
    assert.equal((await ada.post('/v1/topics', { name })).code, 'invalid_request', name);
});

test('who is not its owner finds nothing, and everything that was done is on the audit log', async () => {
  const { ada, bob, root } = world;
  const { id } = await added(ada, { name: 'watched' });
  const path = `/v1/documents/${id}`;
  for (const other of [bob, root]) {
    assert.equal((await other.get(path)).code, 'document_not_found');
    assert.equal((await other.get(`${path}/content`)).code, 'document_not_found');
    assert.equal((await other.get(`${path}/versions`)).code, 'document_not_found');
    assert.equal((await other.call('PATCH', path, { name: 'x' })).code, 'document_not_found');
    assert.equal((await other.call('PUT', `${path}/content`, 'x', { 'if-match': '*' })).code, 'document_not_found');
    assert.equal((await other.call('DELETE', path)).code, 'document_not_found');
    assert.equal((await other.call('DELETE', `${path}?permanent=true`)).code, 'document_not_found');
    assert.equal((await other.post(`${path}/restore`)).code, 'document_not_found');
  }
  await ada.get(`${path}/content`);
  await ada.get(`${path}/content`, { range: 'bytes=3-9' });
  await ada.call('HEAD', `${path}/content`);
  await ada.call('PATCH', path, { name: 'seen', topics: ['t'] });
  await ada.call('PUT', `${path}/content`, 'more', { 'if-match': '"1"' });
  await ada.call('DELETE', path);
  await ada.post(`${path}/restore`);
  await world.rows(async (query) => {
    const entries = await query(
      'SELECT action, detail, actor_account_id, owner_account_id FROM audit_log WHERE subject_id = ? ORDER BY seq',
      id,
    );
    assert.deepEqual(
      entries.map(({ action, detail }) => [action, detail]),
      [
        ['document.add', null],
        ['document.read', 'version 1'],
        ['document.read', 'version 1, bytes 3-9'],
        ['document.change', 'name, topics'],
        ['document.add_version', 'version 2'],
        ['document.trash', null],
        ['document.restore', null],
      ],
    );
    for (const entry of entries)
      assert.deepEqual([entry.actor_account_id, entry.owner_account_id], [world.accounts.ada, world.accounts.ada]);
  });
});
