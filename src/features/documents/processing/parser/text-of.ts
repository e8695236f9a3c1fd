import { indexedWords } from '../../search/fold-text.ts';
import { decodeText } from './decode-text.ts';
import { ParserGaveUp, type ParserTask } from './parser-task.ts';

/** What a document says: as it stands there, and as the index has it. */
export interface SaidByDocument {
  body: string;
  words: string;
}

export type TextTask = Extract<ParserTask, { kind: 'text' }>;

/** At most so many characters of it. */
export async function textOf(bytes: Buffer, task: TextTask): Promise<SaidByDocument> {
  const text = await read(bytes, task);
  // PostgreSQL keeps no NUL, and half a character is none.
  const body = text.slice(0, task.maxCharacters).replaceAll('\0', ' ').toWellFormed().trim();
  return { body, words: indexedWords(body) };
}

async function read(bytes: Buffer, task: TextTask): Promise<string> {
  switch (task.mediaType) {
    case 'application/pdf':
      return await (await import('./pdf-text.ts')).pdfText(bytes, task.maxCharacters);
    case 'application/vnd.openxmlformats-officedocument.wordprocessingml.document':
      return await (await import('./docx-text.ts')).docxText(bytes);
    case 'text/html':
      return (await import('./html-text.ts')).htmlText(decoded(bytes, task));
    default:
      return decoded(bytes, task);
  }
}

function decoded(bytes: Buffer, { whole }: TextTask): string {
  const found = decodeText(bytes, whole);
  if (found === undefined) throw new ParserGaveUp('unreadable');
  return found.text;
}
