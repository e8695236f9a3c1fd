import { decodeCursor, encodeCursor } from '#http/paging.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { FoundDocument, SearchPlace } from './search.store.ts';

/** The cursor behind a result: where it stands in the ranking. */
export function cursorBehind({ tier, updated_at, id }: FoundDocument): string {
  return encodeCursor(`${tier}_${Date.parse(updated_at)}_${id}`);
}

/** Throws invalid_cursor. */
export function searchPlace(cursor: string | undefined): SearchPlace | undefined {
  const text = decodeCursor(cursor);
  if (text === undefined) return undefined;
  const match = /^([123])_(\d{1,15})_(doc_.+)$/.exec(text);
  const [, tier, ms, id] = match ?? [];
  if (tier === undefined || ms === undefined || id === undefined) throw new Problem('invalid_cursor');
  return { tier: Number(tier), updatedAt: timestamp(Number(ms)), id };
}
