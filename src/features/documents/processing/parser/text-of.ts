import { decodeText } from './decode-text.ts';
import { ParserGaveUp, type ParserTask } from './parser-task.ts';

export interface DocumentText {
  text: string;
  /** There was more. */
  cut: boolean;
}

export type TextTask = Extract<ParserTask, { kind: 'text' }>;

/** What a document says, at most so many characters of it. */
export async function textOf(bytes: Buffer, task: TextTask): Promise<DocumentText> {
  const { text, cut } = await read(bytes, task);
  // PostgreSQL keeps no NUL, and half a character is none.
  const clean = text.slice(0, task.maxCharacters).replaceAll('\0', ' ').toWellFormed().trim();
  return { text: clean, cut: cut || text.length > task.maxCharacters };
}

async function read(bytes: Buffer, task: TextTask): Promise<DocumentText> {
  switch (task.mediaType) {
    case 'application/pdf':
      return await (await import('./pdf-text.ts')).pdfText(bytes, task.maxCharacters);
    case 'application/vnd.openxmlformats-officedocument.wordprocessingml.document':
      return { text: await (await import('./docx-text.ts')).docxText(bytes), cut: false };
    case 'text/html':
      return { text: (await import('./html-text.ts')).htmlText(decoded(bytes, task)), cut: !task.whole };
    default:
      return { text: decoded(bytes, task), cut: !task.whole };
  }
}

function decoded(bytes: Buffer, { whole }: TextTask): string {
  const found = decodeText(bytes, whole);
  if (found === undefined) throw new ParserGaveUp('unreadable');
  return found.text;
}
