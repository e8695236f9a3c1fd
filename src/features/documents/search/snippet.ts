import { foldText } from './fold-text.ts';
import type { SearchQuery, Term } from './search-query.ts';

/** A piece of a snippet; `match` is what was asked for: a word, or words in a row. */
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
 * Where a text says what was asked for: the stretch with the most different terms of the question, the first of those. Undefined when
 * none of them stands there (the name or a topic had them).
 */
export function snippetOf(body: string, { wanted }: SearchQuery): SnippetPart[] | undefined {
  const words = Array.from(body.slice(0, lookedThrough).matchAll(wordsOf), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    folded: foldText(match[0]),
  }));
  const found: Found[] = [];
  for (const [n, { start }] of words.entries()) {
    for (const [which, term] of wanted.entries()) {
      const last = words[n + term.words.length - 1];
      if (last !== undefined && standsAt(words, n, term)) found.push({ start, end: last.end, which });
    }
  }
  const first = bestOf(found);
  if (first === undefined) return undefined;
  const from = wordStart(body, Math.max(0, first.start - lead), first.start);
  const to = wordEnd(body, Math.min(body.length, from + width), first.end);
  const parts: SnippetPart[] = [];
  let at = from;
  for (const { start, end } of found) {
    if (start < at || end > to) continue;
    if (start > at) parts.push({ text: plain(body.slice(at, start)), match: false });
    parts.push({ text: body.slice(start, end), match: true });
    at = end;
  }
  if (at < to) parts.push({ text: plain(body.slice(at, to)), match: false });
  return parts;
}

/** At or behind a place, where a word begins; the limit when there is no space before it. */
function wordStart(body: string, at: number, limit: number): number {
  if (at === 0) return 0;
  const space = body.slice(at, limit).search(/\s/);
  return space < 0 ? limit : at + space + 1;
}

/** At or before a place, where a word ends, but not before the limit. */
function wordEnd(body: string, at: number, limit: number): number {
  if (at === body.length) return at;
  const space = body.slice(limit, at).search(/\s\S*$/);
  return space < 0 ? at : limit + space;
}

/** Single characters where words have no spaces between them. */
const wordsOf =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+/gu;

interface Found {
  start: number;
  end: number;
  /** Of the terms that are wanted. */
  which: number;
}

function standsAt(words: readonly { folded: string }[], at: number, { words: asked, open }: Term): boolean {
  return asked.every((word, n) => {
    const folded = words[at + n]?.folded ?? '';
    return open && n === asked.length - 1 ? folded.startsWith(word) : folded === word;
  });
}

function bestOf(found: readonly Found[]): Found | undefined {
  let best: Found | undefined;
  let most = 0;
  for (const [n, first] of found.entries()) {
    const terms = new Set<number>();
    for (let i = n; i < found.length; i++) {
      const one = found[i];
      if (one === undefined || one.end > first.start + width - lead) break;
      terms.add(one.which);
    }
    if (terms.size > most) [best, most] = [first, terms.size];
  }
  return best;
}

function plain(text: string): string {
  return text.toWellFormed().replace(/\s+/g, ' ');
}
