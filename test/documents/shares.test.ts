/** Sharing with accounts and groups, as owners and receivers see it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { addDocument, addFolder, inDays } from './support/sharing.ts';

let world: World;
before(async () => {
  world = await openWorld('shares');
});
after(() => world.close());

const shared = async (client: Client) =>
  (await client.get('/v1/shared')).body.shared.map(
    (one: { access: string; document?: { id: string }; folder?: { id: string } }) =>
      `${one.access} ${one.document?.id ?? one.folder?.id}`,
  );

test('a document is shared by username, seen, listed as shared, and gone with the share', async () => {
  const { ada, bob } = world;
  const document = await addDocument(ada, 'plan.txt', 'one');
  const path = `/v1/documents/${document}/shares`;
  assert.equal((await bob.get(`/v1/documents/${document}`)).code, 'document_not_found');
  const made = await ada.post(path, { kind: 'account', username: 'Bob', access: 'view' });
  assert.equal(made.status, 201, made.code);
  assert.deepEqual(
    [made.body.share.account_id, made.body.share.username, made.body.token],
    [world.accounts.bob, 'bob', undefined],
  );
  assert.equal((await bob.get(`/v1/documents/${document}`)).status, 200);
  assert.equal((await bob.get(`/v1/documents/${document}/content`)).bytes.toString(), 'one');
  assert.deepEqual(await shared(bob), [`view ${document}`]);
  assert.deepEqual(await shared(ada), []);
  // Who may see it may neither share it on nor see with whom it is shared.
  assert.equal((await bob.get(path)).code, 'forbidden');
  assert.equal((await bob.post(path, { kind: 'account', username: 'root' })).code, 'forbidden');
  assert.equal((await bob.call('DELETE', `/v1/shares/${made.body.share.id}`)).code, 'share_not_found');
  assert.deepEqual(
    (await ada.get(path)).body.shares.map((share: { id: string }) => share.id),
    [made.body.share.id],
  );
  assert.equal((await ada.call('DELETE', `/v1/shares/${made.body.share.id}`)).status, 204);
  assert.equal((await ada.call('DELETE', `/v1/shares/${made.body.share.id}`)).code, 'share_not_found');
  assert.equal((await bob.get(`/v1/documents/${document}`)).code, 'document_not_found');
  assert.deepEqual(await shared(bob), []);
  assert.deepEqual((await ada.get(path)).body.shares, []);
});

test('a folder is shared with a group: who is taken out sees nothing any more', async () => {
  const { ada, bob, root, accounts } = world;
  const folder = await addFolder(ada, 'taxes');
  const inner = await addFolder(ada, '2025', folder);
  const document = await addDocument(ada, 'bill.pdf', 'bill', inner);
  const made = await root.post('/v1/admin/groups', { name: '  Family ' });
  assert.deepEqual([made.status, made.body.group?.name], [201, 'Family'], made.code);
  const group = made.body.group.id;
  assert.equal((await root.post('/v1/admin/groups', { name: 'Family' })).code, 'name_conflict');
  const members = `/v1/admin/groups/${group}/members`;
  const share = { kind: 'group', group_id: group, access: 'edit' };
  // A group that one does not belong to is nobody's to know.
  assert.equal((await ada.post(`/v1/folders/${folder}/shares`, share)).code, 'group_not_found');
  for (const account of [accounts.ada, accounts.bob, accounts.bob])
    assert.equal((await root.call('PUT', `${members}/${account}`)).status, 204);
  assert.equal((await root.call('PUT', `${members}/acct_none`)).code, 'account_not_found');
  assert.equal((await root.call('PUT', `/v1/admin/groups/grp_none/members/${accounts.bob}`)).code, 'group_not_found');
  assert.deepEqual(
    (await root.get(members)).body.members.map((member: { username: string }) => member.username).sort(),
    ['ada', 'bob'],
  );
  assert.deepEqual((await bob.get('/v1/groups')).body.groups, [made.body.group]);
  assert.deepEqual((await root.get('/v1/groups')).body.groups, []);
  assert.ok((await root.get('/v1/admin/groups')).body.groups.some(({ id }: { id: string }) => id === group));
  const kept = await ada.post(`/v1/folders/${folder}/shares`, share);
  assert.equal(kept.status, 201, kept.code);
  assert.equal((await ada.get(`/v1/folders/${folder}/shares`)).body.shares[0].group_name, 'Family');

  assert.deepEqual(await shared(bob), [`edit ${folder}`]);
  assert.deepEqual(await shared(ada), [], 'what is one’s own is not shared with one');
  assert.equal((await bob.get(`/v1/documents/${document}`)).status, 200);
  const added = await addDocument(bob, 'answer.txt', 'yes', inner);
  assert.equal((await ada.get(`/v1/documents/${added}`)).body.document?.name, 'answer.txt', 'it is the owner’s');
  assert.equal((await root.get(`/v1/documents/${document}`)).code, 'document_not_found', 'no member, no sight');

  assert.equal((await root.call('DELETE', `${members}/${accounts.bob}`)).status, 204);
  assert.equal((await root.call('DELETE', `${members}/${accounts.bob}`)).code, 'group_not_found');
  assert.equal((await bob.get(`/v1/documents/${document}`)).code, 'document_not_found');
  assert.deepEqual(await shared(bob), []);
});

test('a share that ends, ends', async () => {
  const { ada, bob } = world;
  const document = await addDocument(ada, 'short.txt', 'x');
  const expires_at = new Date(Date.now() + 700).toISOString();
  const made = await ada.post(`/v1/documents/${document}/shares`, { kind: 'account', username: 'bob', expires_at });
  assert.equal(made.status, 201, made.code);
  assert.equal((await bob.get(`/v1/documents/${document}`)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 900));
  assert.equal((await bob.get(`/v1/documents/${document}`)).code, 'document_not_found');
  assert.deepEqual(await shared(bob), []);
  assert.equal((await ada.get(`/v1/documents/${document}/shares`)).body.shares.length, 1, 'its owner still sees it');
});

test('what is wrong with a wish is said', async () => {
  const { ada, accounts } = world;
  const document = await addDocument(ada, 'wishes.txt', 'x');
  const wishes: [Record<string, unknown>, string][] = [
    [{ kind: 'account' }, 'invalid_request'],
    [{ kind: 'account', username: 'bob', account_id: accounts.bob }, 'invalid_request'],
    [{ kind: 'account', username: 'ada' }, 'invalid_request'],
    [{ kind: 'account', username: 'nobody' }, 'account_not_found'],
    [{ kind: 'account', account_id: 'acct_none' }, 'account_not_found'],
    [{ kind: 'account', username: 'bob', password: 'long enough for one' }, 'invalid_request'],
    [{ kind: 'account', username: 'bob', max_downloads: 1 }, 'invalid_request'],
    [{ kind: 'account', username: 'bob', access: 'own' }, 'invalid_request'],
    [{ kind: 'account', username: 'bob', expires_at: inDays(-1) }, 'invalid_request'],
    [{ kind: 'account', username: 'bob', expires_at: 'tomorrow' }, 'invalid_request'],
    [{ kind: 'group' }, 'invalid_request'],
    [{ kind: 'group', group_id: 'grp_none' }, 'group_not_found'],
    [{ kind: 'link', access: 'edit' }, 'invalid_request'],
    [{ kind: 'link', username: 'bob' }, 'invalid_request'],
    [{ kind: 'link', password: 'short' }, 'invalid_password'],
    [{ kind: 'link', max_downloads: 0 }, 'invalid_request'],
    [{ kind: 'public' }, 'invalid_request'],
    [{ kind: 'link', token: 'mine' }, 'invalid_json'],
  ];
  for (const [wish, code] of wishes)
    assert.equal((await ada.post(`/v1/documents/${document}/shares`, wish)).code, code, JSON.stringify(wish));
  assert.deepEqual((await ada.get(`/v1/documents/${document}/shares`)).body.shares, []);
});

test('every act on shares and groups is on the audit log, as its owner’s', async () => {
  await world.rows(async (query) => {
    const entries = await query(
      "SELECT action, owner_account_id, count(*) AS n FROM audit_log WHERE action LIKE 'share.%' OR action LIKE 'group.%' GROUP BY 1, 2 ORDER BY 1, 2",
    );
    const of = (action: string) => entries.filter((entry) => entry.action === action);
    assert.deepEqual(
      of('share.create').map((entry) => [entry.owner_account_id, Number(entry.n)]),
      [[world.accounts.ada, 3]],
    );
    assert.deepEqual(
      of('share.revoke').map((entry) => [entry.owner_account_id, Number(entry.n)]),
      [[world.accounts.ada, 1]],
    );
    assert.equal(of('group.create').length, 1);
    assert.equal(
      of('group.add_member').reduce((sum, entry) => sum + Number(entry.n), 0),
      2,
      'once a member',
    );
    assert.deepEqual(
      of('group.remove_member').map((entry) => entry.owner_account_id),
      [world.accounts.bob],
    );
  });
});
