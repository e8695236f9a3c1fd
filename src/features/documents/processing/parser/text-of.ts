import { indexedWords } from '../../search/fold-text.ts';
import { decodeText } from './decode-text.ts';
import type { ParserTask } from './parser-task.ts';

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

/** Enough to tell an encoding by. Bytes. */
const headBytes = 64 * 1024;

/** Of what was taken for a text by its beginning: some bent bytes further on make it no other, and cost only themselves. */
function decoded(bytes: Buffer, { whole }: TextTask): string {
  const found = decodeText(bytes, whole);
  if (found?.certain === true) return found.text;
  const head = decodeText(bytes.subarray(0, headBytes), false);
  const isUtf8 = head?.certain === true && /[^\p{ASCII}]/u.test(head.text);
  return found === undefined || isUtf8 ? new TextDecoder().decode(bytes) : found.text;
}
