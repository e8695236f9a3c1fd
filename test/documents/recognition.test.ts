/** Scans and photographs are found by what stands on them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { openWorld, type World } from '../http/support/world.ts';
import { lacks } from '../support/needs.ts';
import { makePdf } from './support/make-documents.ts';
import { process } from './support/processed.ts';

let world: World;
before(async () => {
  world = await openWorld('documents-recognition', { SAFE_OCR_PAGES: '2', SAFE_JOBS_CONCURRENCY: '2' });
});
after(() => world.close());

const [width, height] = [1240, 1754];

function written(...lines: string[]): Sharp {
  const text = lines.map((line, index) => `<text x="100" y="${200 + 120 * index}">${line}</text>`).join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans" font-size="56">${text}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: 'white' });
}

test('a scan', async (t) => {
  if (lacks(t, 'tesseract')) return;
  const bytes = await written('Rechnung Nummer 4711', 'Bezahlt am Montag').jpeg({ quality: 90 }).toBuffer();
  const found = await process(world, world.ada, 'scan.pdf', makePdf(['', '', ''], { image: { bytes, width, height } }));
  assert.deepEqual([found.status, found.jobs.ocr?.state, found.jobs.topics?.state], ['ready', 'done', 'done']);
  assert.match(found.text ?? '', /Rechnung Nummer 4711\s+Bezahlt am Montag/);
  // As many pages as the setting says, and no more.
  assert.equal(found.text?.match(/4711/g)?.length, 2);
  await world.rows(async (query) => {
    const [job] = await query(
      "SELECT progress_done, progress_total FROM jobs WHERE kind = 'ocr' AND document_id = ?",
      found.id,
    );
    assert.deepEqual([job?.progress_done, job?.progress_total], [2, 2]);
  });
});

test('a photograph', async (t) => {
  if (lacks(t, 'tesseract')) return;
  const found = await process(world, world.ada, 'foto.png', await written('Hausverwaltung Nord').png().toBuffer());
  assert.match(found.text ?? '', /Hausverwaltung Nord/);
  assert.equal(found.status, 'ready');
});

test('a PDF with a text of its own is not recognised', async () => {
  const found = await process(world, world.ada, 'text.pdf', makePdf(['gesagt']));
  assert.deepEqual([found.text, found.jobs.ocr], ['gesagt', undefined]);
});
