import type { TopicsInput } from './parser-task.ts';

/** Of each text; what something is about stands in its beginning. Characters. */
const readLength = 50_000;
const atMost = 3;
/** How many documents must have a topic before their words say anything about it. */
const fewestExamples = 2;
const mostWords = 20;
const fewestHits = 5;

/**
 * Topics of the owner that may fit, by two rules that anybody can check:
 * 1. every word of the topic's name stands in the document's name, or at least twice in its text;
 * 2. the document has at least five, and a third, of the words that stand in at least half of the documents that people gave the topic,
 *    and in at most a tenth of those that they did not.
 * The first rule goes before the second, then the one with more hits. Topics are never invented.
 */
export function suggestTopics({ document, topics, others }: TopicsInput): { topicIds: string[] } {
  const named = new Set(wordsIn(document.name).keys());
  const counts = wordsIn(document.text);
  const examples = topics.map(({ texts }) => texts.map((text) => new Set(wordsIn(text).keys())));
  const strangers = others.map((text) => new Set(wordsIn(text).keys()));
  const scored = topics.map(({ id, name }, index) => {
    const words = [...wordsIn(name).keys()];
    const byName = words.length > 0 && words.every((word) => named.has(word) || (counts.get(word) ?? 0) >= 2);
    if (byName) return { id, score: Number.POSITIVE_INFINITY };
    const foreign = [...examples.filter((_, other) => other !== index).flat(), ...strangers];
    const telling = tellingWords(examples[index] ?? [], foreign);
    const hits = telling.filter((word) => counts.has(word)).length;
    return { id, score: hits >= fewestHits && 3 * hits >= telling.length ? hits : 0 };
  });
  const fitting = scored.filter(({ score }) => score > 0).sort((a, b) => (a.score === b.score ? 0 : b.score - a.score));
  return { topicIds: fitting.slice(0, atMost).map(({ id }) => id) };
}

function tellingWords(own: readonly ReadonlySet<string>[], foreign: readonly ReadonlySet<string>[]): string[] {
  if (own.length < fewestExamples) return [];
  const here = documentsWith(own);
  const elsewhere = documentsWith(foreign);
  return [...here]
    .filter(([word, count]) => 2 * count >= own.length && 10 * (elsewhere.get(word) ?? 0) <= foreign.length)
    .sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1))
    .slice(0, mostWords)
    .map(([word]) => word);
}

function documentsWith(texts: readonly ReadonlySet<string>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** It knows where words end in scripts that set no spaces. */
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words and how often, in one spelling; no numbers, and of alphabets no word shorter than three letters. */
function wordsIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const letters = text
    .slice(0, readLength)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ');
  for (const { segment, isWordLike } of segmenter.segment(letters)) {
    const counted =
      isWordLike === true && /\p{L}/u.test(segment) && (segment.length >= 3 || /\p{Script=Han}/u.test(segment));
    if (counted) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  return counts;
}
