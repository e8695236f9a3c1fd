import type { Selectable } from 'kysely';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { DocumentRow } from './access.ts';
import type { DocumentVersionsTable } from './documents.tables.ts';

export type VersionRow = Selectable<DocumentVersionsTable>;

const versionQuery = compiled((db, by: { documentId: string; version: number }) =>
  db
    .selectFrom('document_versions')
    .selectAll()
    .where('document_id', '=', by.documentId)
    .where('version', '=', by.version),
);

export async function versionOf(db: Db, documentId: string, version: number): Promise<VersionRow | undefined> {
  return await versionQuery.first(db, { documentId, version });
}

/** Newest first, below the given one. */
export async function versionsOf(db: Db, documentId: string, limit: number, below?: number): Promise<VersionRow[]> {
  return await db
    .selectFrom('document_versions')
    .selectAll()
    .where('document_id', '=', documentId)
    .$if(below !== undefined, (query) => query.where('version', '<', below ?? 0))
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
}

export interface DocumentFilter {
  ownerId: string;
  /** Null: the root. Absent: wherever they are. */
  folderId?: string | null;
  /** The name of a topic that somebody confirmed. */
  topic?: string;
  /** Those in the trash instead; without a folder only what went there by itself, not along with its folder. */
  trashed: boolean;
}

export interface Page {
  limit: number;
  after?: string;
}

/** Oldest first. */
export async function listDocuments(db: Db, filter: DocumentFilter, { limit, after }: Page): Promise<DocumentRow[]> {
  let query = db
    .selectFrom('documents')
    .selectAll()
    .where('owner_account_id', '=', filter.ownerId)
    .where('deletion_state', '=', 'active')
    .where('trashed_at', filter.trashed ? 'is not' : 'is', null);
  const { folderId, topic } = filter;
  if (folderId === null) query = query.where('folder_id', 'is', null);
  else if (folderId !== undefined) query = query.where('folder_id', '=', folderId);
  else if (filter.trashed) query = query.where('trashed_with', 'is', null);
  if (topic !== undefined) {
    query = query.where('id', 'in', (builder) =>
      builder
        .selectFrom('document_topics')
        .innerJoin('topics', 'topics.id', 'document_topics.topic_id')
        .select('document_topics.document_id')
        .where('topics.owner_account_id', '=', filter.ownerId)
        .where('topics.name', '=', topic)
        .where('document_topics.state', '=', 'confirmed'),
    );
  }
  if (after !== undefined) query = query.where('id', '>', after);
  return await query.orderBy('id').limit(limit).execute();
}
