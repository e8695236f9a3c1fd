import { fromBase64Url, toBase64Url } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';

/** Where a page ended, wrapped so that clients do not come to rely on its inside. */
export function encodeCursor(last: string): string {
  return toBase64Url(new TextEncoder().encode(`1:${last}`));
}

/** Throws invalid_cursor for text that no page of this kind ended with. */
export function decodeCursor(cursor: string | undefined, fits: (text: string) => boolean): string | undefined {
  if (cursor === undefined) return undefined;
  const text = new TextDecoder().decode(fromBase64Url(cursor));
  if (!text.startsWith('1:') || !fits(text.slice(2))) throw new Problem('invalid_cursor');
  return text.slice(2);
}

export interface Page<Item> {
  items: Item[];
  next_cursor?: string;
}

/** The first `limit` of what comes, and where the next page begins when there is more. */
export function pageOf<Item>(items: readonly Item[], limit: number, nameOf: (item: Item) => string): Page<Item> {
  const last = items[limit - 1];
  return items.length > limit && last !== undefined
    ? { items: items.slice(0, limit), next_cursor: encodeCursor(nameOf(last)) }
    : { items: [...items] };
}
