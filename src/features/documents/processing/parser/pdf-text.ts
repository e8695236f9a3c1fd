import type { PDFPageProxy } from 'pdfjs-dist';
import { openPdf } from './open-pdf.ts';
import { ParserGaveUp } from './parser-task.ts';
import type { DocumentText } from './text-of.ts';

/** A document may claim any number of pages that are not there. */
const maxBrokenPages = 20;

/** Page by page, until it is enough. A page that is broken costs its own text, as in any reader. */
export async function pdfText(bytes: Buffer, maxCharacters: number): Promise<DocumentText> {
  const pdf = await openPdf(bytes, false);
  const pages: string[] = [];
  let length = 0;
  let broken = 0;
  let number = 1;
  for (; number <= pdf.numPages && length <= maxCharacters && broken < maxBrokenPages; number++) {
    try {
      const text = await pageText(await pdf.getPage(number));
      pages.push(text);
      length += text.length;
    } catch {
      broken += 1;
    }
  }
  if (pages.length === 0) throw new ParserGaveUp('unreadable');
  return { text: pages.join('\n\n'), cut: number <= pdf.numPages };
}

async function pageText(page: PDFPageProxy): Promise<string> {
  const { items } = await page.getTextContent();
  page.cleanup();
  return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
}
