import { foldText } from './fold-text.ts';

/** Words in a row, folded. */
export interface Term {
  words: readonly string[];
  /** The last word may go on: somebody is still typing it. */
  open: boolean;
}

export interface SearchQuery {
  /** All of them are asked for. */
  wanted: readonly Term[];
  /** None of them may be there. */
  unwanted: readonly Term[];
}

const maxTerms = 16;
const maxWords = 64;

/**
 * What people type: words, of which each must be there; "words in a row" in quotes; -words that must not be. The last word counts as a
 * beginning unless something follows it. Undefined when nothing is asked for.
 */
export function parseSearch(typed: string): SearchQuery | undefined {
  const wanted: Term[] = [];
  const unwanted: Term[] = [];
  let words = 0;
  for (const match of typed.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    const [whole, minus, quoted, bare] = match;
    const folded = foldText(quoted ?? bare ?? '');
    if (folded === '') continue;
    const term = folded.split(' ');
    words += term.length;
    if (words > maxWords || wanted.length + unwanted.length === maxTerms) break;
    const isLast = match.index + whole.length === typed.length;
    const into = minus === '-' ? unwanted : wanted;
    into.push({ words: term, open: quoted === undefined && minus === '' && isLast });
  }
  return wanted.length === 0 ? undefined : { wanted, unwanted };
}

/** The query language of FTS5. Words are letters and digits, so quotes are enough. */
export function asFts5({ wanted, unwanted }: SearchQuery, columns?: readonly string[]): string {
  const term = ({ words, open }: Term) => `"${words.join(' ')}"${open ? ' *' : ''}`;
  const all = wanted.map(term).join(' AND ');
  if (columns !== undefined) return `{${columns.join(' ')}} : (${all})`;
  return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.map(term).join(' OR ')})`;
}

/** The same as a tsquery. Weights: A is the name, B the topics, C the text. */
export function asTsquery({ wanted, unwanted }: SearchQuery, weights = ''): string {
  const term = ({ words, open }: Term) => {
    const last = words.length - 1;
    const labelled = words.map((word, n) => {
      const label = `${open && n === last ? '*' : ''}${weights}`;
      return `'${word}'${label === '' ? '' : `:${label}`}`;
    });
    return `(${labelled.join(' <-> ')})`;
  };
  const all = wanted.map(term).join(' & ');
  if (weights !== '' || unwanted.length === 0) return all;
  return `${all} & !(${unwanted.map(term).join(' | ')})`;
}
