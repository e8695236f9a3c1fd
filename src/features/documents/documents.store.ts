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

export interface EarlierOperation {
  fingerprint: string;
  document_id: string;
  version: number;
}

/** What was done under an idempotency key before. */
export async function earlierOperation(db: Db, keyHash: string): Promise<EarlierOperation | undefined> {
  return await db
    .selectFrom('document_operations')
    .select(['fingerprint', 'document_id', 'version'])
    .where('idempotency_key_hash', '=', keyHash)
    .executeTakeFirst();
}

/** The account's own, not in the trash, oldest first. */
export async function listDocuments(db: Db, ownerId: string, limit: number, after?: string): Promise<DocumentRow[]> {
  return await db
    .selectFrom('documents')
    .selectAll()
    .where('owner_account_id', '=', ownerId)
    .where('trashed_at', 'is', null)
    .where('deletion_state', '=', 'active')
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}
