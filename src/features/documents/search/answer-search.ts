import type { z } from 'zod';
import type { Caller } from '#http/caller.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentJson, type foundShape } from '../documents.json.ts';
import { picturedOf } from '../processing/thumbnails.store.ts';
import { topicsOf } from '../topics/topics.store.ts';
import { searchDocuments } from './search.store.ts';
import { cursorBehind, searchPlace } from './search-place.ts';
import { parseSearch } from './search-query.ts';
import { snippetOf } from './snippet.ts';

export interface SearchWish {
  q: string;
  topic?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface SearchAnswer {
  documents: z.output<typeof foundShape>[];
  next_cursor?: string;
}

/** Texts are read for every result, so a page has no more of them. */
const mostResults = 50;

/** A page of what the caller may see and asked for, the best first. Throws invalid_cursor. */
export async function answerSearch(
  metadata: Pick<Metadata, 'read' | 'dialect'>,
  { accountId }: Pick<Caller, 'accountId'>,
  wish: SearchWish,
): Promise<SearchAnswer> {
  const query = parseSearch(wish.q);
  const after = searchPlace(wish.cursor);
  if (query === undefined) return { documents: [] };
  const limit = Math.min(wish.limit, mostResults);
  const found = await searchDocuments(
    metadata,
    { accountId, at: timestamp(Date.now()) },
    { query, ...(wish.topic === undefined ? {} : { topic: wish.topic.normalize('NFC') }) },
    { limit: limit + 1, ...(after === undefined ? {} : { after }) },
  );
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const topics = await topicsOf(
    metadata.read,
    rows.map(({ id }) => id),
  );
  const pictured = await picturedOf(metadata.read, rows);
  const documents = rows.map((row) => {
    const snippet = snippetOf(row.body, query);
    return {
      ...documentJson(row, topics.get(row.id), pictured.has(row.id)),
      ...(snippet === undefined ? {} : { snippet }),
    };
  });
  return { documents, ...(found.length > limit && last !== undefined ? { next_cursor: cursorBehind(last) } : {}) };
}
