import { type RawBuilder, sql } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { DocumentRow, FolderRow } from '../access.ts';
import { holdMemberships } from '../groups/groups.store.ts';

/** In rising order. Only owners share, empty the trash and delete for good. Administrators have no more than what is shared with them. */
export type Access = 'view' | 'edit' | 'own';

/** What a query says of it, so that it can be compared there. 0: nothing. */
export const rank: Readonly<Record<Access, number>> = { view: 1, edit: 2, own: 3 };

export interface Asking {
  accountId: string;
  at: Timestamp;
}

/** Whether a row of `shares` holds at that time and is for accounts, not a link. */
export function isLive(at: Timestamp): RawBuilder<boolean> {
  return sql`shares.kind <> 'link' AND shares.revoked_at IS NULL AND (shares.expires_at IS NULL OR shares.expires_at > ${at})`;
}

/** And is for that account, by name or by a group. */
export function sharedWith({ accountId, at }: Asking): RawBuilder<boolean> {
  return sql`(
    ${isLive(at)} AND (
      shares.account_id = ${accountId} OR shares.group_id IN (SELECT group_id FROM group_members WHERE account_id = ${accountId})
    )
  )`;
}

/** `above (id, parent_id, trashed_at)`: a folder and all in which it lies. UNION ends it even where they lie in one another. */
export function foldersAbove(folderId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`WITH RECURSIVE above (id, parent_id, trashed_at) AS (
    SELECT lowest.id, lowest.parent_id, lowest.trashed_at FROM folders AS lowest WHERE lowest.id = ${folderId}
    UNION
    SELECT folders.id, folders.parent_id, folders.trashed_at FROM above JOIN folders ON folders.id = above.parent_id
  )`;
}

/** The highest rank that shares on a folder, those above it and a document give; nothing does where one of them is in the trash. */
function shared(asking: Asking, folderId: RawBuilder<unknown>, documentId?: RawBuilder<unknown>): RawBuilder<number> {
  const onDocument = sql`UNION ALL SELECT access FROM shares WHERE document_id = ${documentId} AND ${sharedWith(asking)}`;
  return sql`coalesce((${foldersAbove(folderId)}
    SELECT CASE WHEN EXISTS (SELECT 1 FROM above WHERE trashed_at IS NOT NULL) THEN 0 ELSE max(CASE access WHEN 'edit' THEN 2 ELSE 1 END) END
    FROM (
      SELECT access FROM above JOIN shares ON shares.folder_id = above.id WHERE ${sharedWith(asking)}
      ${documentId === undefined ? sql`` : onDocument}
    ) AS given
  ), 0)`;
}

/** The rank that a query over `documents`, or over `folders`, gives each row. */
const documentRank = (asking: Asking) =>
  sql<number>`CASE WHEN owner_account_id = ${asking.accountId} THEN 3 WHEN trashed_at IS NOT NULL THEN 0
    ELSE ${shared(asking, sql.ref('documents.folder_id'), sql.ref('documents.id'))} END`.as('rank');
const folderRank = (asking: Asking) =>
  sql<number>`CASE WHEN owner_account_id = ${asking.accountId} THEN 3
    ELSE ${shared(asking, sql.ref('folders.id'))} END`.as('rank');

export type Ranked<Row> = Row & { rank: number };
type About = Asking & { id: string };

const documentQuery = compiled((db, by: About) =>
  db
    .selectFrom('documents')
    .selectAll()
    .select(documentRank(by))
    .where('id', '=', by.id)
    .where('deletion_state', '=', 'active'),
);
const folderQuery = compiled((db, by: About) =>
  db.selectFrom('folders').selectAll().select(folderRank(by)).where('id', '=', by.id),
);

/** The document and how much of it is the asker's, in one question; undefined when there is none or it is being deleted. */
export async function documentWithRank(db: Db, by: About): Promise<Ranked<DocumentRow> | undefined> {
  return await documentQuery.first(db, by);
}

export async function folderWithRank(db: Db, by: About): Promise<Ranked<FolderRow> | undefined> {
  return await folderQuery.first(db, by);
}

/** Of many, those that may be seen, in no order. */
export async function visibleDocuments(db: Db, asking: Asking, ids: readonly string[]): Promise<Ranked<DocumentRow>[]> {
  if (ids.length === 0) return [];
  const found = await db
    .selectFrom('documents')
    .selectAll()
    .select(documentRank(asking))
    .where('id', 'in', ids)
    .where('deletion_state', '=', 'active')
    .execute();
  return found.filter((document) => document.rank >= rank.view);
}

export async function visibleFolders(db: Db, asking: Asking, ids: readonly string[]): Promise<Ranked<FolderRow>[]> {
  if (ids.length === 0) return [];
  const found = await db.selectFrom('folders').selectAll().select(folderRank(asking)).where('id', 'in', ids).execute();
  return found.filter((folder) => folder.rank >= rank.view);
}

/**
 * What the right of somebody who is not the owner hangs on, held until the commit: folders above cannot be moved or go into the trash.
 * The shares are held apart, by `holdShares`: documents come in between.
 */
export async function holdFoldersAbove(trx: Trx, folderId: string): Promise<string[]> {
  const above = await trx
    .selectFrom('folders')
    .select('id')
    .where(sql<boolean>`id IN (${foldersAbove(sql`${folderId}`)} SELECT id FROM above)`)
    .orderBy('id')
    .forShare()
    .execute();
  return above.map(({ id }) => id);
}

/** None of them is revoked before the commit, and nobody leaves a group. */
export async function holdShares(
  trx: Trx,
  asking: Asking,
  on: { documentId: string | undefined; folderIds: readonly string[] },
): Promise<void> {
  const { documentId, folderIds } = on;
  await holdMemberships(trx, asking.accountId);
  if (documentId !== undefined)
    await trx
      .selectFrom('shares')
      .select('id')
      .where('document_id', '=', documentId)
      .where(sharedWith(asking))
      .orderBy('id')
      .forShare()
      .execute();
  if (folderIds.length > 0)
    await trx
      .selectFrom('shares')
      .select('id')
      .where('folder_id', 'in', folderIds)
      .where(sharedWith(asking))
      .orderBy('id')
      .forShare()
      .execute();
}
