import { z } from 'zod';
import type { DocumentRow } from './access.ts';
import { noTopics, type TopicsOfDocument } from './topics/topics.store.ts';

const time = z.iso.datetime();

export const documentShape = z
  .object({
    id: z.string(),
    name: z.string(),
    folder_id: z.string().optional(),
    media_type: z.string(),
    byte_size: z.number().int(),
    sha256_hex: z.string(),
    version: z.number().int(),
    status: z.enum(['processing', 'ready', 'failed']),
    topics: z.array(z.string()),
    suggested_topics: z.array(z.string()).optional().describe('By the server, until somebody confirms or refuses them'),
    has_thumbnail: z.boolean().optional().describe('Where documents are listed or read: there is a small picture'),
    created_at: time,
    updated_at: time,
    trashed_at: time.optional(),
  })
  .meta({ id: 'Document' });

/** In the answer to a search: where its text says what was asked for, in pieces. */
export const foundShape = documentShape
  .extend({ snippet: z.array(z.object({ text: z.string(), match: z.boolean() })).optional() })
  .meta({ id: 'FoundDocument' });

export const documentAnswer = z.object({ document: documentShape });

export function documentJson(
  row: DocumentRow,
  topics: TopicsOfDocument = noTopics,
  hasThumbnail?: boolean,
): z.output<typeof documentShape> {
  return {
    id: row.id,
    name: row.name,
    ...(row.folder_id === null ? {} : { folder_id: row.folder_id }),
    media_type: row.media_type,
    byte_size: row.byte_size,
    sha256_hex: row.sha256_hex,
    version: row.version,
    status: row.status,
    topics: topics.confirmed,
    ...(topics.suggested.length === 0 ? {} : { suggested_topics: topics.suggested }),
    ...(hasThumbnail === undefined ? {} : { has_thumbnail: hasThumbnail }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(row.trashed_at === null ? {} : { trashed_at: row.trashed_at }),
  };
}

/** Of the content, and not of what is said about it: a version's bytes never change, its document's name does. */
export function documentTag(version: number): string {
  return `"${version}"`;
}
