/**
 * Documents that are made to hurt: each costs one parked job with its reason, in bounded time and memory, and the server and the next
 * document go on.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { openWorld, type World } from '../http/support/world.ts';
import { makeDocx, makePdf, pdfOf, stream, wordNamespace } from './support/make-documents.ts';
import { peakOfChildren } from './support/peak-of-children.ts';
import { process as processDocument } from './support/processed.ts';

const mebibyte = 1024 * 1024;
const timeoutMs = 30_000;
const memory = 128 * mebibyte;
/** What a child may have in memory, whatever is done to it: its budget, and its program with libraries. */
const mostResident = memory + 160 * mebibyte;

let world: World;
before(async () => {
  world = await openWorld('documents-hostile', {
    SAFE_JOBS_CONCURRENCY: '2',
    SAFE_PROCESSING_TIMEOUT: `${timeoutMs}ms`,
    SAFE_PROCESSING_MEMORY: String(memory),
    SAFE_OCR_PAGES: '0',
  });
});
after(() => world.close());

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function pngChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])));
  return Buffer.concat([head, data, sum]);
}

function pngOf(width: number, height: number, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const end = pngChunk('IEND', Buffer.alloc(0));
  return Buffer.concat([signature, pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(pixels)), end]);
}

const fill = (bytes: number) => Buffer.alloc(bytes, 'a ');

/** An archive whose directory says that what it holds is small. */
function lyingSize(docx: Buffer, unpacked: number): Buffer {
  const lie = Buffer.from(docx);
  const real = Buffer.alloc(4);
  real.writeUInt32LE(unpacked);
  for (let at = lie.indexOf(real); at >= 0; at = lie.indexOf(real, at + 4)) lie.writeUInt32LE(1000, at);
  return lie;
}

const opening = `<w:document xmlns:w="${wordNamespace}"><w:body><w:p><w:r><w:t>`;
const closing = '</w:t></w:r></w:p></w:body></w:document>';
const bombBody = (bytes: number) => Buffer.concat([Buffer.from(opening), fill(bytes), Buffer.from(closing)]);

function pdfWithPages(pages: string, rest: readonly (string | Buffer)[]): Buffer {
  return pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', pages, ...rest]);
}
const contentOf = (content: Buffer) =>
  pdfWithPages('<< /Type /Pages /Count 1 /Kids [3 0 R] >>', [
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Resources << >> /Contents 4 0 R >>',
    stream('/Filter /FlateDecode', content),
  ]);

interface Hostile {
  name: string;
  bytes: () => Buffer | Promise<Buffer>;
  /** Which job is parked, and with one of which codes. None: it does no harm, and the document is ready. */
  parked?: Record<string, readonly string[]>;
  mediaType: string;
}

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const pdf = 'application/pdf';
const cases: Hostile[] = [
  {
    name: 'a Word document that unpacks to 300 MiB',
    bytes: () => makeDocx([], bombBody(300 * mebibyte)),
    parked: { text: ['processing_too_large'] },
    mediaType: docx,
  },
  {
    name: 'one that lies about it',
    bytes: async () => {
      const body = bombBody(300 * mebibyte);
      return lyingSize(await makeDocx([], body), body.length);
    },
    parked: { text: ['processing_memory', 'processing_unreadable'] },
    mediaType: docx,
  },
  {
    name: 'a Word document nested a million deep',
    bytes: () => makeDocx([], Buffer.from(opening + '<w:r>'.repeat(1_000_000) + closing)),
    parked: { text: ['processing_unreadable', 'processing_memory', 'processing_timeout'] },
    mediaType: docx,
  },
  {
    name: 'a Word document with entities that multiply',
    bytes: () => {
      const entities = Array.from({ length: 12 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('');
      return makeDocx([], Buffer.from(`<!DOCTYPE d [<!ENTITY e0 "ha">${entities}]>${opening}&e12;${closing}`));
    },
    parked: { text: ['processing_unreadable', 'processing_memory', 'processing_timeout'] },
    mediaType: docx,
  },
  {
    name: 'a PDF whose pages are their own parents',
    bytes: () =>
      pdfWithPages('<< /Type /Pages /Count 9 /Kids [3 0 R] >>', ['<< /Type /Pages /Count 9 /Kids [2 0 R] >>']),
    parked: { text: ['processing_unreadable'], thumbnail: ['processing_unreadable'] },
    mediaType: pdf,
  },
  {
    name: 'a PDF that claims two billion pages',
    bytes: () => pdfWithPages('<< /Type /Pages /Count 2000000000 /Kids [] >>', []),
    parked: { text: ['processing_unreadable'], thumbnail: ['processing_unreadable'] },
    mediaType: pdf,
  },
  {
    name: 'a PDF with a page that unpacks to 300 MiB',
    bytes: () => contentOf(deflateSync(fill(300 * mebibyte))),
    parked: {
      text: ['processing_memory', 'processing_timeout', 'processing_unreadable'],
      thumbnail: ['processing_memory', 'processing_timeout', 'processing_unreadable'],
    },
    mediaType: pdf,
  },
  {
    name: 'a PDF whose drawings draw one another, ten billion times',
    bytes: () => {
      const form = (number: number) => {
        const inner =
          number === 14
            ? '/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>'
            : `/XObject << /X ${number + 1} 0 R >>`;
        const words = `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << ${inner} >>`;
        return stream(words, Buffer.from(number === 14 ? 'BT /F 9 Tf (a) Tj ET' : '/X Do '.repeat(10)));
      };
      const page =
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>';
      const forms = Array.from({ length: 10 }, (_, index) => form(5 + index));
      return pdfWithPages('<< /Type /Pages /Count 1 /Kids [3 0 R] >>', [
        page,
        stream('', Buffer.from('/X Do')),
        ...forms,
      ]);
    },
    parked: {
      text: ['processing_timeout', 'processing_memory'],
      thumbnail: ['processing_timeout', 'processing_memory'],
    },
    mediaType: pdf,
  },
  {
    name: 'a PDF with a password',
    bytes: () => {
      const [owner, user] = ['ab'.repeat(32), 'cd'.repeat(32)];
      const locked = `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${owner}> /U <${user}> /P -4 >> /ID [<aa> <aa>] `;
      return pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Count 0 /Kids [] >>'], locked);
    },
    parked: { text: ['processing_protected'], thumbnail: ['processing_protected'] },
    mediaType: pdf,
  },
  {
    name: 'a PDF that is cut in the middle',
    bytes: () => {
      const whole = makePdf(['eins', 'zwei']);
      return whole.subarray(0, whole.length / 3);
    },
    parked: { text: ['processing_unreadable'], thumbnail: ['processing_unreadable'] },
    mediaType: pdf,
  },
  {
    name: 'a page nested two million deep',
    bytes: () => Buffer.from(`<html>${'<div>'.repeat(2_000_000)}tief`),
    parked: { text: ['processing_memory', 'processing_timeout'] },
    mediaType: 'text/html',
  },
  {
    name: 'an image of 50000 by 50000 that is only a header',
    bytes: () => pngOf(50_000, 50_000, Buffer.alloc(100)),
    parked: { thumbnail: ['processing_too_large'] },
    mediaType: 'image/png',
  },
  {
    name: 'an image that is cut in the middle',
    bytes: () => {
      const whole = pngOf(400, 400, Buffer.alloc(400 * 1201, 7));
      return whole.subarray(0, whole.length - 200);
    },
    parked: { thumbnail: ['processing_unreadable'] },
    mediaType: 'image/png',
  },
  {
    name: 'a picture that is a script as well',
    bytes: () => Buffer.from('GIF89a/*<svg onload=alert(1)>\0\x01*/=1;alert(1)', 'latin1'),
    parked: { thumbnail: ['processing_unreadable'] },
    mediaType: 'image/gif',
  },
  {
    name: 'a drawing with scripts and entities',
    bytes: () =>
      Buffer.from(
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><script>1</script>&x;</svg>',
      ),
    mediaType: 'image/svg+xml',
  },
  {
    name: '200 MB of text',
    bytes: () => fill(200_000_000),
    mediaType: 'text/plain',
  },
];

for (const { name, bytes, parked = {}, mediaType } of cases) {
  test(name, { timeout: 120_000 }, async (t) => {
    const hostile = await bytes();
    const began = performance.now();
    const watch = peakOfChildren(world.server.pid);
    const found = await processDocument(world, world.ada, name, hostile, 90_000);
    const { peakBytes, children } = watch.stop();
    t.diagnostic(
      `${Math.round(performance.now() - began)} ms, peak ${Math.round(peakBytes / mebibyte)} MiB, ${JSON.stringify(found.jobs)}`,
    );
    assert.equal(found.mediaType, mediaType);
    assert.equal(found.status, Object.keys(parked).length === 0 ? 'ready' : 'failed', JSON.stringify(found.jobs));
    for (const [kind, job] of Object.entries(found.jobs)) {
      const codes = parked[kind];
      if (codes === undefined) assert.equal(job.state, 'done', `${kind} ${job.error_code}`);
      else
        assert.ok(
          job.state === 'parked' && codes.includes(job.error_code ?? ''),
          `${kind} ${job.state} ${job.error_code}`,
        );
    }
    assert.ok(children > 0, 'no child was seen');
    assert.ok(peakBytes < mostResident, `a child had ${Math.round(peakBytes / mebibyte)} MiB`);
  });
}

test('the server read every one of them and goes on', async () => {
  const found = await processDocument(world, world.ada, 'danach.pdf', makePdf(['danach']));
  assert.deepEqual([found.status, found.text], ['ready', 'danach']);
});
