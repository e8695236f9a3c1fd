import { sql } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { DocumentRow, FolderRow } from '../access.ts';
import { type Asking, isLive, type Ranked, visibleDocuments, visibleFolders } from './grants.ts';

/** What somebody else shares with the account, each thing once; what lies in a shared folder is found there. */
export type SharedThing = { document: Ranked<DocumentRow> } | { folder: Ranked<FolderRow> };

/** The ids of things that shares name, whether or not they may still be seen, in their order. */
export async function sharedIds(db: Db, asking: Asking, limit: number, after = ''): Promise<{ id: string }[]> {
  const { accountId } = asking;
  const thing = sql`coalesce(shares.document_id, shares.folder_id)`;
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM (
      SELECT ${thing} AS id FROM shares WHERE account_id = ${accountId} AND ${isLive(asking.at)}
      UNION
      SELECT ${thing} AS id FROM group_members JOIN shares ON shares.group_id = group_members.group_id
      WHERE group_members.account_id = ${accountId} AND shares.owner_account_id <> ${accountId} AND ${isLive(asking.at)}
    ) AS mine WHERE id > ${after} ORDER BY id LIMIT ${limit}`.execute(db);
  return rows;
}

/** Those of the things that the account may see now, in the order of their ids. */
export async function sharedThings(db: Db, asking: Asking, ids: readonly string[]): Promise<SharedThing[]> {
  const [documents, folders] = await Promise.all([visibleDocuments(db, asking, ids), visibleFolders(db, asking, ids)]);
  const found = new Map<string, SharedThing>([
    ...documents.map((document) => [document.id, { document }] as const),
    ...folders.map((folder) => [folder.id, { folder }] as const),
  ]);
  return ids.flatMap((id) => found.get(id) ?? []);
}
