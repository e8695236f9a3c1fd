/** Documents are looked at in a browser, which may draw them and do nothing else; a small picture stands for them in listings. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import type { Client } from '../http/support/client.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { makeDocx, makePdf } from './support/make-documents.ts';
import { process } from './support/processed.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-preview', { SAFE_OCR_PAGES: '0', SAFE_JOBS_CONCURRENCY: '2' });
});
after(() => world.close());

const policy = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

function assertInert(answer: Awaited<ReturnType<Client['get']>>, contentType: string): void {
  const header = (name: string) => answer.headers.get(name);
  assert.equal(answer.status, 200, answer.code);
  assert.equal(header('content-type'), contentType);
  assert.equal(header('content-security-policy'), policy);
  assert.equal(header('x-frame-options'), 'SAMEORIGIN');
  assert.equal(header('x-content-type-options'), 'nosniff');
  assert.equal(header('content-disposition'), 'inline');
  assert.equal(header('cache-control'), 'no-store');
  assert.equal(header('cross-origin-resource-policy'), 'same-origin');
}

test('an image is shown as it is stored, and as a small picture without what it says about itself', async () => {
  const bytes = await sharp({ create: { width: 1600, height: 900, channels: 3, background: '#a33' } })
    .withExif({ IFD0: { Copyright: 'canary-in-exif' } })
    .jpeg()
    .toBuffer();
  const { id } = await process(world, world.ada, 'foto.jpg', bytes);
  const shown = await world.ada.get(`/v1/documents/${id}/preview`);
  assertInert(shown, 'image/jpeg');
  assert.deepEqual(Buffer.from(shown.bytes), bytes);

  const small = await world.ada.get(`/v1/documents/${id}/thumbnail?version=1`);
  assertInert(small, 'image/webp');
  const { width, height, exif } = await sharp(Buffer.from(small.bytes)).metadata();
  assert.deepEqual([width, height, exif], [512, 288, undefined]);
  const listed = await world.ada.get('/v1/documents');
  assert.deepEqual(
    listed.body.documents.map((document: { has_thumbnail: boolean }) => document.has_thumbnail),
    [true],
  );
});

test('a PDF is shown as it is stored, and its first page as a small picture', async () => {
  const bytes = makePdf(['eins', 'zwei']);
  const { id } = await process(world, world.ada, 'brief', bytes);
  const shown = await world.ada.get(`/v1/documents/${id}/preview`);
  assertInert(shown, 'application/pdf');
  assert.deepEqual(Buffer.from(shown.bytes), bytes);
  const small = await world.ada.get(`/v1/documents/${id}/thumbnail`);
  const { width, height } = await sharp(Buffer.from(small.bytes)).metadata();
  assert.deepEqual([width, height], [362, 512]);
});

test('text and pages are shown as text in UTF-8, whatever they are written in', async () => {
  const page = '<!DOCTYPE html><script>alert(1)</script>';
  const cases: [string, Buffer, string][] = [
    ['seite.html', Buffer.from(page), page],
    ['utf16.txt', Buffer.from('\ufeffGröße 漢字', 'utf16le'), 'Größe 漢字'],
    ['alt.txt', Buffer.from('Größe', 'latin1'), 'Größe'],
    ['lang.txt', Buffer.alloc(3_000_000, 'ab'), 'ab'.repeat(256 * 1024)],
  ];
  for (const [name, bytes, text] of cases) {
    const { id } = await process(world, world.ada, name, bytes);
    const shown = await world.ada.get(`/v1/documents/${id}/preview`);
    assertInert(shown, 'text/plain; charset=utf-8');
    assert.ok(Buffer.from(shown.bytes).toString('utf8') === text, name);
  }
});

test('everything else has neither', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  for (const bytes of [svg, await makeDocx(['Wort']), Buffer.from([0, 1, 2, 3])]) {
    const { id } = await process(world, world.ada, `${bytes.length}.png`, bytes);
    for (const what of ['preview', 'thumbnail'])
      assert.equal((await world.ada.get(`/v1/documents/${id}/${what}`)).code, 'not_found');
  }
});

test('what is not shared does not exist, and what was looked at is on the log', async () => {
  const { id } = await process(world, world.ada, 'brief.pdf', makePdf(['geheim']));
  for (const what of ['preview', 'thumbnail', 'preview?version=1']) {
    assert.equal((await world.bob.get(`/v1/documents/${id}/${what}`)).code, 'document_not_found');
    assert.equal((await world.root.get(`/v1/documents/${id}/${what}`)).code, 'document_not_found');
    assert.equal((await world.nobody.get(`/v1/documents/${id}/${what}`)).code, 'authentication_required');
  }
  assert.equal((await world.ada.get(`/v1/documents/${id}/preview?version=7`)).code, 'document_not_found');
  const shared = await world.ada.call('POST', `/v1/documents/${id}/shares`, {
    kind: 'account',
    account_id: world.accounts.bob,
    access: 'view',
  });
  assert.equal(shared.status, 201, shared.code);
  for (const client of [world.ada, world.bob])
    for (const what of ['preview', 'thumbnail'])
      assert.equal((await client.get(`/v1/documents/${id}/${what}`)).status, 200);
  await world.rows(async (query) => {
    const entries = await query(
      "SELECT action, actor_account_id, owner_account_id, detail FROM audit_log WHERE subject_id = ? AND action IN ('document.preview', 'document.thumbnail') ORDER BY seq",
      id,
    );
    const { ada, bob } = world.accounts;
    assert.deepEqual(
      entries.map((entry) => Object.values(entry)),
      [
        ['document.preview', ada, ada, 'version 1'],
        ['document.preview', bob, ada, 'version 1'],
        ['document.thumbnail', bob, ada, 'version 1'],
      ],
    );
  });
});
