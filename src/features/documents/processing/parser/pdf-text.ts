import type { PDFPageProxy } from 'pdfjs-dist';
import { openPdf } from './open-pdf.ts';
import { ParserGaveUp } from './parser-task.ts';

/** A document may claim any number of pages that are not there. */
const maxBrokenPages = 20;

/** Page by page, until it is enough. A page that is broken costs its own text, as in any reader. */
export async function pdfText(bytes: Buffer, maxCharacters: number): Promise<string> {
  const pdf = await openPdf(bytes, false);
  const pages: string[] = [];
  let length = 0;
  let broken = 0;
  for (let number = 1; number <= pdf.numPages && length <= maxCharacters && broken < maxBrokenPages; number++) {
    try {
      const text = await pageText(await pdf.getPage(number));
      pages.push(text);
      length += text.length;
    } catch {
      broken += 1;
    }
  }
  if (pages.length === 0) throw new ParserGaveUp('unreadable');
  return pages.join('\n\n');
}

async function pageText(page: PDFPageProxy): Promise<string> {
  const { items } = await page.getTextContent();
  page.cleanup();
  return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
}
