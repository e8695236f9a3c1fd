/** Resumable uploads with the client that people use, against a real server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { download, tusUpload } from './support/tus-client.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-uploads', { SAFE_RESUMABLE_SLICE_BYTES: '64KiB' });
});
after(() => world.close());

test('an upload becomes a document, byte for byte, in one request or in many', async () => {
  for (const [name, chunkSize] of [
    ['whole', Number.POSITIVE_INFINITY],
    ['pieces', 100_000],
  ] as const) {
    const bytes = randomBytes(1_000_003);
    const sent = await tusUpload(world.ada, bytes, { metadata: { name, sha256: sha256Hex(bytes) }, chunkSize });
    const { upload } = (await world.ada.get(`/v1/documents/uploads/${sent.id}`)).body;
    assert.deepEqual([upload.status, upload.received_bytes], ['done', bytes.length]);
    assert.equal(sent.result, upload.result_id);
    assert.deepEqual(await download(world.ada, upload.result_id), bytes);
  }
});
