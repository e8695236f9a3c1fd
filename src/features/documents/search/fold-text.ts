/** Scripts that put no space between words: each character stands for itself, and a word is characters in a row. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/**
 * A text as the index sees it: letters and digits only, without case or accents, words apart by one space. Done here and not by the
 * databases, since each of them cuts words in its own way.
 */
export function foldText(text: string): string {
  return (
    text
      .toWellFormed()
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      // Korean letters are put together again. There and back, so that ẞ is ß is ss.
      .normalize('NFC')
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .replaceAll('ς', 'σ')
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .replace(unspaced, ' $& ')
      .replace(/ +/g, ' ')
      .trim()
  );
}

/** Of folded words that stand in their order. PostgreSQL knows the places of some 16,000, and a vector holds 1 MiB. UTF-8 bytes. */
const inOrderBytes = 200_000;
const allBytes = 400_000;
/** No word that people look for is longer, and PostgreSQL leaves out those of 2 KiB. */
const longestWord = 200;

/**
 * The folded words of a text, for the index: its beginning as it is, of the rest each word that is new. So every word of a book is
 * found, and sequences of words in its first hundred pages.
 */
export function indexedWords(text: string): string {
  const words = foldText(text).split(' ');
  const kept: string[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const word of words) {
    if (word.length > longestWord) continue;
    if (bytes > inOrderBytes && seen.has(word)) continue;
    bytes += Buffer.byteLength(word) + 1;
    if (bytes > allBytes) break;
    kept.push(word);
    seen.add(word);
  }
  return kept.join(' ');
}
