import assert from 'node:assert/strict';
import type { Client } from '../../http/support/client.ts';
import type { World } from '../../http/support/world.ts';
import { connection, type Objects, type Right } from './rights.ts';
import { addDocument, addFolder } from './sharing.ts';

type Place = Objects & { outer: string };
type Rights = { document: Right | undefined; folder: Right | undefined };

export interface Kind extends Rights {
  /** Nobody but its owner sees the document, whatever it is shared by. */
  trashed?: true;
  /** Brings it about for somebody, from a place that nobody but Ada knows. */
  make: (world: World, place: Place, accountId: string) => Promise<void>;
}

const past = '2020-01-01T00:00:00.000Z';

async function share(world: World, thing: string, accountId: string, wish: Record<string, unknown>): Promise<string> {
  const path = thing.startsWith('doc_') ? 'documents' : 'folders';
  const to = wish.kind === undefined ? { kind: 'account', account_id: accountId } : {};
  const made = await world.ada.post(`/v1/${path}/${thing}/shares`, { ...to, ...wish });
  assert.equal(made.status, 201, made.code);
  return made.body.share.id;
}

/** With Ada and that account in it. */
async function groupOf(world: World, accountId: string): Promise<string> {
  const made = await world.root.post('/v1/admin/groups', { name: `group ${crypto.randomUUID()}` });
  const path = `/v1/admin/groups/${made.body.group.id}/members`;
  for (const member of [world.accounts.ada, accountId])
    assert.equal((await world.root.call('PUT', `${path}/${member}`)).status, 204);
  return made.body.group.id;
}

const both = (right: Right | undefined): Rights => ({ document: right, folder: right });
const on =
  (thing: 'document' | 'folder' | 'outer', access: 'view' | 'edit'): Kind['make'] =>
  async (world, place, accountId) => {
    await share(world, place[thing], accountId, { access });
  };
const byGroup =
  (thing: 'document' | 'folder' | 'outer', access: 'view' | 'edit'): Kind['make'] =>
  async (world, place, accountId) => {
    await share(world, place[thing], accountId, { kind: 'group', group_id: await groupOf(world, accountId), access });
  };

/** How somebody who is not the owner comes to a document and its folder, and what that is worth. */
export const kinds: Record<string, Kind> = {
  none: { ...both(undefined), make: async () => undefined },
  'view on the document': { document: 'view', folder: undefined, make: on('document', 'view') },
  'edit on the document': { document: 'edit', folder: undefined, make: on('document', 'edit') },
  'view on its folder': { ...both('view'), make: on('folder', 'view') },
  'edit on its folder': { ...both('edit'), make: on('folder', 'edit') },
  'view on the folder above': { ...both('view'), make: on('outer', 'view') },
  'edit on the folder above': { ...both('edit'), make: on('outer', 'edit') },
  'view above, edit on the document': {
    document: 'edit',
    folder: 'view',
    make: async (...given) => {
      await on('outer', 'view')(...given);
      await on('document', 'edit')(...given);
    },
  },
  'view by a group': { ...both('view'), make: byGroup('outer', 'view') },
  'edit by a group': { document: 'edit', folder: undefined, make: byGroup('document', 'edit') },
  'by a group that was left': {
    ...both(undefined),
    make: async (world, { outer }, accountId) => {
      const group_id = await groupOf(world, accountId);
      await share(world, outer, accountId, { kind: 'group', group_id, access: 'edit' });
      await world.root.call('DELETE', `/v1/admin/groups/${group_id}/members/${accountId}`);
    },
  },
  expired: {
    ...both(undefined),
    make: async (world, { outer }, accountId) => {
      const id = await share(world, outer, accountId, { access: 'edit', expires_at: '2099-01-01T00:00:00Z' });
      await world.rows(async (query) => {
        await query('UPDATE shares SET expires_at = ? WHERE id = ?', past, id);
      });
    },
  },
  revoked: {
    ...both(undefined),
    make: async (world, { outer }, accountId) => {
      const id = await share(world, outer, accountId, { access: 'edit' });
      assert.equal((await world.ada.call('DELETE', `/v1/shares/${id}`)).status, 204);
    },
  },
  'a link': {
    ...both(undefined),
    make: async (world, { outer }, accountId) => {
      await share(world, outer, accountId, { kind: 'link' });
    },
  },
  'somebody else’s share': {
    ...both(undefined),
    make: async (world, { outer }, accountId) => {
      const { bob, root } = world.accounts;
      await share(world, outer, accountId === bob ? root : bob, { access: 'edit' });
    },
  },
  'the document in the trash': {
    trashed: true,
    document: undefined,
    folder: 'edit',
    make: async (world, place, accountId) => {
      await share(world, place.document, accountId, { access: 'edit' });
      await share(world, place.outer, accountId, { access: 'edit' });
      assert.equal((await world.ada.call('DELETE', `/v1/documents/${place.document}`)).status, 204);
    },
  },
  'the folder in the trash': {
    trashed: true,
    ...both(undefined),
    make: async (world, place, accountId) => {
      await share(world, place.document, accountId, { access: 'edit' });
      await share(world, place.outer, accountId, { access: 'edit' });
      assert.equal((await world.ada.call('DELETE', `/v1/folders/${place.outer}`)).status, 204);
    },
  },
};

let count = 0;

/** A document in a folder in a folder, and one of everything else that an account may have. */
export async function newPlace(world: World, owner: Client): Promise<Place> {
  const name = `place ${++count}`;
  const outer = await addFolder(owner, name);
  const folder = await addFolder(owner, 'inner', outer);
  const document = await addDocument(owner, 'document.bin', new Uint8Array([0, 159, 146, 150, 1, 2]), folder);
  const link = await owner.post(`/v1/folders/${folder}/shares`, { kind: 'link' });
  const topic = await owner.post('/v1/topics', { name });
  const upload = await owner.call('POST', '/v1/documents/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': '9',
    'upload-metadata': `name ${Buffer.from(`upload ${name}`).toString('base64')}`,
  });
  assert.equal(upload.status, 201, upload.bytes.toString());
  return {
    outer,
    folder,
    document,
    topic: topic.body.topic.id,
    share: link.body.share.id,
    token: link.body.token,
    upload: new URL(upload.headers.get('location') ?? '', world.server.url).pathname.split('/').at(-1) ?? '',
    job: 'job_00000000000000000000000000',
    group: await groupOf(world, world.accounts.bob),
    account: world.accounts.bob,
    connection: await connectionOf(owner),
  };
}

/** One that there is, or a new one: an account may have only so many. */
export async function connectionOf(owner: Client): Promise<string> {
  const [first] = (await owner.get('/v1/cloud-connections?limit=1')).body.connections;
  if (first !== undefined) return first.id;
  const made = await owner.post('/v1/cloud-connections', connection());
  assert.equal(made.status, 201, made.code);
  return made.body.connection.id;
}
