import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { type Timestamp, timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { DocumentsTable, FoldersTable } from './documents.tables.ts';
import { type Access, documentWithRank, folderWithRank, holdFoldersAbove, holdShares, rank } from './shares/grants.ts';

export type { Access } from './shares/grants.ts';
export type DocumentRow = Selectable<DocumentsTable>;
export type FolderRow = Selectable<FoldersTable>;

const byId = compiled((db, by: { id: string }) => db.selectFrom('documents').selectAll().where('id', '=', by.id));

export async function documentById(db: Db, id: string): Promise<DocumentRow | undefined> {
  return await byId.first(db, { id });
}

const folder = compiled((db, by: { id: string }) => db.selectFrom('folders').selectAll().where('id', '=', by.id));

export async function folderById(db: Db, id: string): Promise<FolderRow | undefined> {
  return await folder.first(db, { id });
}

/**
 * The document, if the caller may do that much with it: what lies in the trash is its owner's alone, and what is not shared does not
 * exist. Who may see it but not do that is told so. Throws document_not_found, forbidden.
 */
export async function documentFor(
  db: Db,
  caller: Pick<Caller, 'accountId'>,
  id: string,
  need: Access,
): Promise<DocumentRow> {
  const asking = { accountId: caller.accountId, at: timestamp(Date.now()) };
  return judged(await documentWithRank(db, { ...asking, id }), need, 'document_not_found');
}

/** As documentFor; whatever lies in the folder may be seen and edited along with it. Throws folder_not_found, forbidden. */
export async function folderFor(
  db: Db,
  caller: Pick<Caller, 'accountId'>,
  id: string,
  need: Access,
): Promise<FolderRow> {
  const asking = { accountId: caller.accountId, at: timestamp(Date.now()) };
  return judged(await folderWithRank(db, { ...asking, id }), need, 'folder_not_found');
}

function judged<Row>(
  found: (Row & { rank: number }) | undefined,
  need: Access,
  missing: 'document_not_found' | 'folder_not_found',
): Row {
  if (found === undefined || found.rank < rank.view) throw new Problem(missing);
  const { rank: given, ...row } = found;
  if (given < rank[need]) throw new Problem('forbidden');
  // What is left is the row without what the question added to it.
  return row as unknown as Row;
}

/** What a request was let in on, for the transaction that does it. */
export interface Claim {
  accountId: string;
  id: string;
  need: Access;
  /** The time of the act: bodies have no clock. */
  at: Timestamp;
}

/**
 * The document as documentFor judges it, in a transaction: held for changing, with what the right to it hangs on, so that a share
 * that is revoked, expired or moved away from meanwhile counts. Locks folders, document, shares, in this order; the owner's
 * document alone. Throws document_not_found, forbidden.
 */
export async function documentToChange(trx: Trx, claim: Claim): Promise<DocumentRow> {
  return await lockedDocument(trx, claim, (id) =>
    trx.selectFrom('documents').select('id').where('id', '=', id).forNoKeyUpdate().execute(),
  );
}

/** As documentToChange, for what hangs on the document as it is: others may hold it too. */
export async function documentHeld(trx: Trx, claim: Claim): Promise<DocumentRow> {
  return await lockedDocument(trx, claim, (id) =>
    trx.selectFrom('documents').select('id').where('id', '=', id).forShare().execute(),
  );
}

async function lockedDocument(trx: Trx, claim: Claim, lock: (id: string) => Promise<unknown>): Promise<DocumentRow> {
  const first = judged(await documentWithRank(trx, claim), claim.need, 'document_not_found');
  const isOwner = first.owner_account_id === claim.accountId;
  const folderIds = isOwner || first.folder_id === null ? [] : await holdFoldersAbove(trx, first.folder_id);
  await lock(claim.id);
  if (!isOwner) await holdShares(trx, claim, { documentId: claim.id, folderIds });
  return judged(await documentWithRank(trx, claim), claim.need, 'document_not_found');
}

/** As documentToChange, for putting something into the folder: others may at the same time. Throws folder_not_found, forbidden. */
export async function folderHeld(trx: Trx, claim: Claim): Promise<FolderRow> {
  return await lockedFolder(trx, claim, (id) =>
    trx.selectFrom('folders').select('id').where('id', '=', id).forShare().execute(),
  );
}

/** As documentToChange. Throws folder_not_found, forbidden. */
export async function folderToChange(trx: Trx, claim: Claim): Promise<FolderRow> {
  return await lockedFolder(trx, claim, (id) =>
    trx.selectFrom('folders').select('id').where('id', '=', id).forNoKeyUpdate().execute(),
  );
}

async function lockedFolder(trx: Trx, claim: Claim, lock: (id: string) => Promise<unknown>): Promise<FolderRow> {
  const first = judged(await folderWithRank(trx, claim), claim.need, 'folder_not_found');
  const isOwner = first.owner_account_id === claim.accountId;
  const above = isOwner || first.parent_id === null ? [] : await holdFoldersAbove(trx, first.parent_id);
  await lock(claim.id);
  if (!isOwner) await holdShares(trx, claim, { documentId: undefined, folderIds: [claim.id, ...above] });
  return judged(await folderWithRank(trx, claim), claim.need, 'folder_not_found');
}
