/** The thinnest way through the vault: a file goes in, its job is put down, it comes back byte for byte. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openWorld, type World } from '../http/support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-first');
});
after(() => world.close());

test('a document is added, listed, read and downloaded', async () => {
  const bytes = randomBytes(200_000);
  const form = new FormData();
  form.set('name', 'Miete März.pdf');
  form.set('file', new Blob([bytes], { type: 'application/pdf' }), 'scan.pdf');
  const added = await world.ada.call('POST', '/v1/documents', form);
  assert.deepEqual([added.status, added.body.document?.name], [201, 'Miete März.pdf'], added.code);
  const { id } = added.body.document;
  const listed = await world.ada.get('/v1/documents');
  assert.deepEqual(
    listed.body.documents.map((document: { id: string }) => document.id),
    [id],
  );
  const content = await world.ada.get(`/v1/documents/${id}/content`);
  assert.deepEqual(Buffer.from(content.bytes), bytes);
  assert.equal((await world.bob.get(`/v1/documents/${id}`)).code, 'document_not_found');
  await world.rows(async (query) => {
    assert.deepEqual(
      (await query('SELECT kind, document_id FROM jobs')).map((job) => ({ ...job })),
      [{ kind: 'sniff', document_id: id }],
    );
  });
});
