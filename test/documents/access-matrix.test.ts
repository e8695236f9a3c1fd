import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from '../http/support/client.ts';
import type { DocumentedOperation } from '../http/support/contract.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { added, folder } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-matrix');
});
after(() => world.close());

interface Cell {
  method: string;
  path: string;
  operation: DocumentedOperation;
}

/** Ada's, each of a kind. */
async function objects(): Promise<Record<string, string>> {
  const { ada } = world;
  const document = await added(ada, { name: `of ada ${Math.random()}` });
  const shared = await ada.post(`/v1/documents/${document.id}/shares`, { kind: 'link' });
  assert.equal(shared.status, 201, shared.code);
  const topic = await ada.post('/v1/topics', { name: `topic ${Math.random()}` });
  return {
    document_id: document.id,
    folder_id: await folder(ada, `folder ${Math.random()}`),
    topic_id: topic.body.topic.id,
    share_id: shared.body.share.id,
  };
}

const never = Object.fromEntries(
  ['document_id', 'folder_id', 'topic_id', 'share_id'].map((name) => [
    name,
    `${{ document_id: 'doc', folder_id: 'fld', topic_id: 'top' }[name] ?? 'shr'}_00000000000000000000000000`,
  ]),
);

const isAbout = ({ path, operation }: Cell) =>
  operation['x-access'] === 'account' && Object.keys(never).some((name) => path.includes(`{${name}}`));

function request({ method, path, operation }: Cell, ids: Record<string, string>, as: Client) {
  const url = path.replace(/\{([a-z_]+)\}/g, (_, name: string) => ids[name] ?? name);
  const content = operation.requestBody?.content ?? {};
  const example = withoutPlace(content['application/json']?.example);
  const body = example === undefined && operation.requestBody !== undefined ? 'bytes' : example;
  return as.call(method, url, body, body === 'bytes' ? { 'if-match': '*' } : {});
}

/** The folders that examples name are nobody's. */
function withoutPlace(example: unknown): unknown {
  if (typeof example !== 'object' || example === null) return example;
  return Object.fromEntries(Object.entries(example).filter(([name]) => name !== 'folder_id' && name !== 'parent_id'));
}

test("every operation on something of Ada's x another user and x an administrator: there is no such thing, and nothing changed", async (t) => {
  const ids = await objects();
  const state = async () => {
    const { ada } = world;
    const [document, own] = [
      await ada.get(`/v1/documents/${ids.document_id}`),
      await ada.get(`/v1/folders/${ids.folder_id}`),
    ];
    const lists = await Promise.all(
      ['/v1/topics', `/v1/documents/${ids.document_id}/shares`].map((path) => ada.get(path)),
    );
    const { status: _, suggested_topics: __, media_type: ___, ...facts } = document.body.document;
    return JSON.stringify([facts, own.body, ...lists.map((list) => list.body)]);
  };
  const before = await state();
  let cells = 0;
  for (const cell of world.contract.operations().filter(isAbout))
    for (const as of [world.bob, world.root]) {
      const answer = await request(cell, ids, as);
      const where = `${cell.method} ${cell.path}: ${answer.status} ${answer.code}`;
      assert.equal(answer.status, 404, where);
      assert.match(answer.code, /^(document|folder|topic|share)_not_found$/, where);
      assert.deepEqual((await request(cell, never, as)).body, answer.body, `${where}: as for what never was`);
      cells += 1;
    }
  assert.equal(await state(), before);
  assert.ok(cells >= 30, `${cells}`);
  t.diagnostic(`cells with others: ${cells}`);
});

test('every operation on something of Ada’s x Ada: never refused for who is asking', async (t) => {
  let cells = 0;
  for (const cell of world.contract.operations().filter(isAbout)) {
    const answer = await request(cell, await objects(), world.ada);
    const where = `${cell.method} ${cell.path}: ${answer.status} ${answer.code}`;
    assert.ok(![401, 403].includes(answer.status), where);
    // What an example names beside it may well not exist.
    const own = /\{([a-z]+)_id\}/.exec(cell.path)?.[1];
    assert.notEqual(answer.code, `${own}_not_found`, where);
    cells += 1;
  }
  assert.ok(cells >= 15, `${cells}`);
  t.diagnostic(`cells with the owner: ${cells}`);
});
