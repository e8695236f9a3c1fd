import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { ZipFile } from 'yazl';

const folders = ['Contracts', 'Contracts/Rent', 'Invoices/2026', 'Letters', 'Pictures'] as const;
const subjects = [
  'rent',
  'insurance',
  'electricity',
  'heating',
  'taxes',
  'repairs',
  'garden',
  'deposit',
  'water',
  'keys',
];

/** Ten types, ten files of each, spread over folders: what an office keeps. Returns how many. */
export async function writeDemoFiles(root: string): Promise<number> {
  let count = 0;
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [type, make] of Object.entries(makers)) {
    for (let n = 0; n < 10; n++) {
      const subject = subjects[n] ?? 'rent';
      const folder = folders[(n + type.length) % folders.length] ?? 'Letters';
      writeFileSync(join(root, folder, `${subject} ${2017 + n}.${type}`), await make(subject, n));
      count += 1;
    }
  }
  return count;
}

const text = (subject: string, n: number) =>
  `Concerning the ${subject} of the year ${2017 + n}.\nThe amount of ${120 + n} euros is due on the third of March.\nWith kind regards, Übermut & Söhne.\n`;

const picture = (n: number) =>
  sharp({ create: { width: 640 + n, height: 480, channels: 3, background: { r: 20 * n, g: 120, b: 255 - 20 * n } } });

const makers: Record<string, (subject: string, n: number) => Promise<Buffer> | Buffer> = {
  txt: (subject, n) => Buffer.from(text(subject, n)),
  md: (subject, n) => Buffer.from(`# ${subject}\n\n${text(subject, n)}`),
  html: (subject, n) =>
    Buffer.from(`<!doctype html><title>${subject}</title><p>${text(subject, n)}</p><script>alert(1)</script>`),
  csv: (subject, n) => Buffer.from(`subject,year,amount\n${subject},${2017 + n},${120 + n}\n`),
  json: (subject, n) => Buffer.from(JSON.stringify({ subject, year: 2017 + n, amount: 120 + n })),
  pdf: (subject, n) => pdf(text(subject, n).replace(/[^\x20-\x7e\n]/g, '?')),
  docx: (subject, n) => docx(text(subject, n)),
  png: (_, n) => picture(n).png().toBuffer(),
  jpg: (_, n) => picture(n).jpeg().toBuffer(),
  webp: (_, n) => picture(n).webp().toBuffer(),
};

function pdf(words: string): Buffer {
  const lines = words.split('\n').map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj 0 -24 Td`);
  const drawing = deflateSync(Buffer.from(`BT /F 14 Tf 50 780 Td ${lines.join(' ')} ET`));
  const objects = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Count 1 /Kids [4 0 R] >>'),
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'),
    Buffer.from(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents 5 0 R >>',
    ),
    Buffer.concat([
      Buffer.from(`<< /Filter /FlateDecode /Length ${drawing.length} >>\nstream\n`),
      drawing,
      Buffer.from('\nendstream'),
    ]),
  ];
  const parts = [Buffer.from('%PDF-1.4\n')];
  const places: number[] = [];
  for (const [index, object] of objects.entries()) {
    places.push(Buffer.concat(parts).length);
    parts.push(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]));
  }
  const rows = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const start = Buffer.concat(parts).length;
  const trailer = `xref\n0 6\n0000000000 65535 f \n${rows}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(trailer)]);
}

async function docx(words: string): Promise<Buffer> {
  const schemas = 'http://schemas.openxmlformats.org';
  const paragraphs = words
    .split('\n')
    .map((line) => `<w:p><w:r><w:t>${line.replaceAll('&', '&amp;')}</w:t></w:r></w:p>`);
  const files = {
    '[Content_Types].xml': `<Types xmlns="${schemas}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${schemas}/package/2006/relationships"><Relationship Id="rId1" Type="${schemas}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': `<w:document xmlns:w="${schemas}/wordprocessingml/2006/main"><w:body>${paragraphs.join('')}</w:body></w:document>`,
  };
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  const pieces: Buffer[] = [];
  zip.outputStream.on('data', (piece: Buffer) => pieces.push(piece));
  await once(zip.outputStream, 'end');
  return Buffer.concat(pieces);
}
