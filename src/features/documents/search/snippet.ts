import { foldText } from './fold-text.ts';
import type { SearchQuery } from './search-query.ts';

/** A piece of a snippet; `match` is a word that was asked for. */
export interface SnippetPart {
  text: string;
  match: boolean;
}

/** Characters. */
const width = 200;
const lead = 40;
/** Of a long text only so much is looked through. Characters. */
const lookedThrough = 300_000;

/**
 * Where a text says what was asked for: the stretch with the most different words of the question, the first of those. Undefined when
 * none of them stands there (the name or a topic had them).
 */
export function snippetOf(body: string, { wanted }: SearchQuery): SnippetPart[] | undefined {
  const exact = new Set(wanted.flatMap(({ words, open }) => (open ? words.slice(0, -1) : words)));
  const beginnings = wanted.flatMap(({ words, open }) => (open ? [words.at(-1) ?? ''] : []));
  const askedFor = (word: string): string | undefined =>
    exact.has(word) ? word : beginnings.find((beginning) => word.startsWith(beginning));
  const found: { start: number; end: number; word: string }[] = [];
  for (const match of body.slice(0, lookedThrough).matchAll(wordsOf)) {
    const word = askedFor(foldText(match[0]));
    if (word !== undefined) found.push({ start: match.index, end: match.index + match[0].length, word });
  }
  const first = bestOf(found);
  if (first === undefined) return undefined;
  const from = Math.max(0, first.start - lead);
  const to = Math.min(body.length, from + width);
  const parts: SnippetPart[] = [];
  let at = from;
  for (const { start, end } of found) {
    if (start < from || end > to) continue;
    if (start > at) parts.push({ text: plain(body.slice(at, start)), match: false });
    parts.push({ text: body.slice(start, end), match: true });
    at = end;
  }
  if (at < to) parts.push({ text: plain(body.slice(at, to)), match: false });
  return parts;
}

/** Single characters where words have no spaces between them. */
const wordsOf =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+/gu;

function bestOf<Found extends { start: number; end: number; word: string }>(
  found: readonly Found[],
): Found | undefined {
  let best: Found | undefined;
  let most = 0;
  for (const [n, first] of found.entries()) {
    const words = new Set<string>();
    for (let i = n; i < found.length; i++) {
      const one = found[i];
      if (one === undefined || one.end > first.start + width - lead) break;
      words.add(one.word);
    }
    if (words.size > most) [best, most] = [first, words.size];
  }
  return best;
}

function plain(text: string): string {
  return text.toWellFormed().replace(/\s+/g, ' ');
}
