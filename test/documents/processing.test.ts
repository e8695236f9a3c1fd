/** What the server makes of real documents of each kind: their true type, what they say, a small picture, topics that may fit. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { openWorld, type World } from '../http/support/world.ts';
import { makeDocx, makePdf } from './support/make-documents.ts';
import { process } from './support/processed.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-processing', { SAFE_OCR_PAGES: '0', SAFE_JOBS_CONCURRENCY: '2' });
});
after(() => world.close());

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const picture = () => sharp({ create: { width: 1600, height: 900, channels: 3, background: '#a33' } });

/** Names that lie are given on purpose: the type is the bytes'. */
const cases: {
  name: string;
  bytes: () => Buffer | Promise<Buffer>;
  mediaType: string;
  text?: string;
  thumbnail?: true;
}[] = [
  {
    name: 'brief.bin',
    bytes: () => makePdf(['Kündigung (März)', 'Seite zwei']),
    mediaType: 'application/pdf',
    text: 'Kündigung (März)\n\nSeite zwei',
    thumbnail: true,
  },
  {
    name: 'vertrag.zip',
    bytes: () => makeDocx(['Über die Miete', '漢字 עברית']),
    mediaType: docx,
    text: 'Über die Miete\n漢字 עברית',
  },
  {
    name: 'umlaute.txt',
    bytes: () => Buffer.from('Größe, ℃ und 漢字\nשלום'),
    mediaType: 'text/plain',
    text: 'Größe, ℃ und 漢字\nשלום',
  },
  {
    name: 'utf16.txt',
    bytes: () => Buffer.from('\ufeffGröße 漢字', 'utf16le'),
    mediaType: 'text/plain',
    text: 'Größe 漢字',
  },
  {
    name: 'utf16be.txt',
    bytes: () => Buffer.from('\ufeffGröße', 'utf16le').swap16(),
    mediaType: 'text/plain',
    text: 'Größe',
  },
  { name: 'alt.txt', bytes: () => Buffer.from('Größe', 'latin1'), mediaType: 'text/plain', text: 'Größe' },
  {
    name: 'BMW.txt',
    bytes: () => Buffer.from('BMW, MZ and %! begin other formats'),
    mediaType: 'text/plain',
    text: 'BMW, MZ and %! begin other formats',
  },
  {
    name: 'notes.md',
    bytes: () => Buffer.from('# Titel\n\n* eins'),
    mediaType: 'text/markdown',
    text: '# Titel\n\n* eins',
  },
  { name: 'zahlen.csv', bytes: () => Buffer.from('Ort;Zahl\nKöln;1'), mediaType: 'text/csv', text: 'Ort;Zahl\nKöln;1' },
  {
    name: 'daten',
    bytes: () => Buffer.from('{"ort": "Köln"}'),
    mediaType: 'application/json',
    text: '{"ort": "Köln"}',
  },
  {
    name: 'seite.txt',
    bytes: () =>
      Buffer.from(
        '<!-- x --><!DOCTYPE html><title>Titel</title><script>var secret</script><style>b{}</style><p>ein <b>fet</b>tes<p>Wort',
      ),
    mediaType: 'text/html',
    text: 'Titel\nein fettes\nWort',
  },
  {
    name: 'bild.txt',
    bytes: () => Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    mediaType: 'image/svg+xml',
  },
  { name: 'foto.pdf', bytes: () => picture().jpeg().toBuffer(), mediaType: 'image/jpeg', thumbnail: true },
  { name: 'a.png', bytes: () => picture().png().toBuffer(), mediaType: 'image/png', thumbnail: true },
  { name: 'a.webp', bytes: () => picture().webp().toBuffer(), mediaType: 'image/webp', thumbnail: true },
  { name: 'a.gif', bytes: () => picture().gif().toBuffer(), mediaType: 'image/gif', thumbnail: true },
  { name: 'a.tif', bytes: () => picture().tiff().toBuffer(), mediaType: 'image/tiff', thumbnail: true },
  { name: 'a.avif', bytes: () => picture().avif().toBuffer(), mediaType: 'image/avif', thumbnail: true },
  { name: 'nichts.txt', bytes: () => Buffer.alloc(0), mediaType: 'text/plain', text: '' },
  { name: 'rauschen.pdf', bytes: () => Buffer.from([0, 1, 2, 3, 0xff, 0xfe]), mediaType: 'application/octet-stream' },
];

for (const { name, bytes, mediaType, text, thumbnail = false } of cases) {
  test(`${name} is ${mediaType}`, async () => {
    const found = await process(world, world.ada, name, await bytes());
    assert.deepEqual(
      [found.status, found.mediaType, found.hasThumbnail],
      ['ready', mediaType, thumbnail],
      JSON.stringify(found.jobs),
    );
    if (text !== undefined) assert.equal(found.text, text);
    assert.ok(Object.values(found.jobs).every(({ state }) => state === 'done'));
  });
}
