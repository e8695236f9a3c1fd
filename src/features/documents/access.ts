import type { Selectable } from 'kysely';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { DocumentsTable, FoldersTable } from './documents.tables.ts';

export type DocumentRow = Selectable<DocumentsTable>;
export type FolderRow = Selectable<FoldersTable>;

/** In rising order. Only owners share, empty the trash and delete for good. Administrators have no more than what is shared with them. */
export type Access = 'view' | 'edit' | 'own';

const byId = compiled((db, by: { id: string }) => db.selectFrom('documents').selectAll().where('id', '=', by.id));

export async function documentById(db: Db, id: string): Promise<DocumentRow | undefined> {
  return await byId.first(db, { id });
}

const folder = compiled((db, by: { id: string }) => db.selectFrom('folders').selectAll().where('id', '=', by.id));

export async function folderById(db: Db, id: string): Promise<FolderRow | undefined> {
  return await folder.first(db, { id });
}

/** The document, if the caller may do that much with it; to everybody else it does not exist. Throws document_not_found. */
export async function documentFor(db: Db, caller: Caller, id: string, need: Access): Promise<DocumentRow> {
  const document = await documentById(db, id);
  if (document === undefined || document.deletion_state !== 'active') throw new Problem('document_not_found');
  if (document.owner_account_id !== caller.accountId) throw new Problem('document_not_found');
  void need;
  return document;
}

/** As documentFor. Throws folder_not_found. */
export async function folderFor(db: Db, caller: Caller, id: string, need: Access): Promise<FolderRow> {
  const found = await folderById(db, id);
  if (found === undefined || found.owner_account_id !== caller.accountId) throw new Problem('folder_not_found');
  void need;
  return found;
}
