import { sql } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';
import type { Db } from '#platform/metadata/metadata.ts';

export interface DeletingDocument {
  id: string;
  owner_account_id: string;
}

export async function documentsToDelete(db: Db, limit: number, after = ''): Promise<DeletingDocument[]> {
  return await db
    .selectFrom('documents')
    .select(['id', 'owner_account_id'])
    .where(sql`deletion_state`, '<>', sql.lit('active'))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

const oldestAtOnce = 500;

/** Accounts with something that has been in the trash since before then; not all of them at once. */
export async function ownersOfOldTrash(db: Db, before: Timestamp): Promise<string[]> {
  const oldest = async (table: 'documents' | 'folders') =>
    await db
      .selectFrom(table)
      .select('owner_account_id')
      .where('trashed_at', '<', before)
      .orderBy('trashed_at')
      .limit(oldestAtOnce)
      .execute();
  const rows = [...(await oldest('documents')), ...(await oldest('folders'))];
  return [...new Set(rows.map((row) => row.owner_account_id))];
}

/** Where a document's bytes are, some at a time, in the order of their paths. */
export async function pathsOfDocument(db: Db, documentId: string, limit: number, after = ''): Promise<BlobPath[]> {
  const rows = await db
    .selectFrom('document_versions')
    .select('stored_path')
    .where('document_id', '=', documentId)
    .where('stored_path', '>', after)
    .unionAll((builder) =>
      builder
        .selectFrom('document_thumbnails')
        .select('stored_path')
        .where('document_id', '=', documentId)
        .where('stored_path', '>', after),
    )
    .orderBy('stored_path')
    .limit(limit)
    .execute();
  return rows.map((row) => row.stored_path);
}

/** Those of some paths that a row names. */
export async function namedPaths(db: Db, paths: readonly BlobPath[]): Promise<Set<BlobPath>> {
  if (paths.length === 0) return new Set();
  const rows = await db
    .selectFrom('document_versions')
    .select('stored_path')
    .where('stored_path', 'in', paths)
    .unionAll((builder) =>
      builder.selectFrom('document_thumbnails').select('stored_path').where('stored_path', 'in', paths),
    )
    .execute();
  return new Set(rows.map((row) => row.stored_path));
}
