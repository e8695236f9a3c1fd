import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOf } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { added } from './support/vault.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-bent');
});
// Not close(): the server rightly logs errors here.
after(async () => {
  await world.server.stop();
  assert.match(world.server.log(), /"code":"evidence_corrupt"/);
  world.remove();
});

const contentOf = (id: string) => `/v1/documents/${id}/content`;

test('a flipped bit is found in whatever block it is, also after the blob had been judged, and never served', async () => {
  const { ada } = world;
  const mega = 1024 * 1024;
  const bytes = bytesOf(4 * mega);
  const { id } = await added(ada, { bytes, name: 'bent' });
  const get = (range: string) => ada.get(contentOf(id), { range });
  assert.ok((await get(`bytes=${mega}-${mega + 9}`)).bytes.equals(bytes.subarray(mega, mega + 10)));
  const [name = ''] = (await world.blobs.list('users')).filter((one) => one.includes(id));
  const bent = Buffer.from(bytes);
  bent[mega + 5_000] = (bent[mega + 5_000] ?? 0) ^ 1;
  await world.blobs.write(name, bent);
  assert.ok((await get('bytes=0-9')).bytes.equals(bytes.subarray(0, 10)), 'another block is right');
  assert.deepEqual([(await get(`bytes=${mega}-${mega + 9}`)).status], [500]);
  await assert.rejects(get('bytes=5-3000000'), 'broken off before the bent block');
  await assert.rejects(ada.get(contentOf(id)), 'the whole is never complete');
  await world.blobs.write(name, bytes);
  assert.ok((await get('bytes=5-3000000')).bytes.equals(bytes.subarray(5, 3_000_001)));
});
