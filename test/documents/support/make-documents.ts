import { once } from 'node:events';
import { deflateSync } from 'node:zlib';
import { ZipFile } from 'yazl';

/** A PDF by hand, with a page for each text; `image` is a JPEG that fills each page in place of text. */
export function makePdf(pages: readonly string[], options: { catalog?: string; image?: Jpeg } = {}): Buffer {
  const objects: (string | Buffer)[] = [options.catalog ?? '<< /Type /Catalog /Pages 2 0 R >>'];
  const kids = pages.map((_, index) => `${4 + 2 * index} 0 R`).join(' ');
  objects.push(`<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`);
  const image = options.image;
  objects.push(
    image === undefined
      ? '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'
      : stream(
          `/Type /XObject /Subtype /Image /Width ${image.width} /Height ${image.height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`,
          image.bytes,
        ),
  );
  for (const [index, text] of pages.entries()) {
    const resources = image === undefined ? '/Font << /F 3 0 R >>' : '/XObject << /I 3 0 R >>';
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << ${resources} >> /Contents ${5 + 2 * index} 0 R >>`,
    );
    const lines = text.split('\n').map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj 0 -24 Td`);
    const drawing =
      image === undefined ? `BT /F 18 Tf 50 780 Td ${lines.join(' ')} ET` : 'q 595 0 0 842 0 0 cm /I Do Q';
    objects.push(stream('/Filter /FlateDecode', deflateSync(Buffer.from(drawing, 'latin1'))));
  }
  return pdfOf(objects);
}

export interface Jpeg {
  bytes: Buffer;
  width: number;
  height: number;
}

export function stream(words: string, bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`<< ${words} /Length ${bytes.length} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
}

/** Numbered from 1; the first is the catalogue. */
export function pdfOf(objects: readonly (string | Buffer)[], trailing = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%\u00e2\u00e3\n', 'latin1')];
  let length = parts[0]?.length ?? 0;
  const offsets = objects.map((object, index) => {
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]);
    const offset = length;
    parts.push(part);
    length += part.length;
    return offset;
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const count = objects.length + 1;
  const trailer = `trailer\n<< /Size ${count} /Root 1 0 R ${trailing}>>\nstartxref\n${length}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(`xref\n0 ${count}\n0000000000 65535 f \n${rows}${trailer}`)]);
}

const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006';

/** A Word document of these paragraphs; `body` in their place is written as it is. */
export async function makeDocx(paragraphs: readonly string[], body?: Buffer): Promise<Buffer> {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const inner = paragraphs.map((text) => `<w:p><w:r><w:t>${escaped(text)}</w:t></w:r></w:p>`).join('');
  const document = body ?? Buffer.from(`<w:document xmlns:w="${word}"><w:body>${inner}</w:body></w:document>`);
  return await zipOf({
    '[Content_Types].xml': `<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    '_rels/.rels': `<Relationships xmlns="${packaged}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': document,
  });
}

export const wordNamespace = word;

export async function zipOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  const pieces: Buffer[] = [];
  zip.outputStream.on('data', (piece: Buffer) => pieces.push(piece));
  await once(zip.outputStream, 'end');
  return Buffer.concat(pieces);
}
