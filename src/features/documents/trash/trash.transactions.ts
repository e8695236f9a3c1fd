import { appendAudit } from '#features/audit/index.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentToChange, type FolderRow, folderToChange } from '../access.ts';
import { type Act, claim } from '../act.ts';
import { assertFits, folderTree } from '../folders/folder-tree.ts';
import { assertNameFree } from '../place.ts';
import { holdOwner } from '../quotas/quotas.store.ts';
import { noteWords } from '../search/note-words.ts';

export interface OfDocument extends Act {
  documentId: string;
}

export interface OfFolder extends Act {
  folderId: string;
}

/** What is in the trash already stays there as it is. Throws document_not_found. */
export const trashDocumentTransaction = transaction('documents.trash', async (trx, input: OfDocument) => {
  await holdOwner(trx, input.ownerId);
  const document = await documentToChange(trx, claim(input, input.documentId, 'edit'));
  if (document.trashed_at !== null) return;
  const gone = { trashed_at: input.at, trashed_with: null, updated_at: input.at };
  await trx.updateTable('documents').set(gone).where('id', '=', document.id).execute();
  await appendAudit(trx, input.audit);
});

/**
 * Back into its folder, or into the root where that is in the trash or gone. What is not in the trash stays as it is. Throws
 * document_not_found, name_conflict: `name` gives it another one then.
 */
export const restoreDocumentTransaction = transaction(
  'documents.restore',
  async (trx, input: OfDocument & { name?: string }): Promise<DocumentRow> => {
    const { ownerId } = input;
    await holdOwner(trx, ownerId);
    const document = await documentToChange(trx, claim(input, input.documentId, 'edit'));
    if (document.trashed_at === null) return document;
    const folderId = await liveFolder(trx, document.folder_id);
    const name = input.name ?? document.name;
    await assertNameFree(trx, { ownerId, folderId, name });
    const back = { folder_id: folderId, name, trashed_at: null, trashed_with: null, updated_at: input.at };
    await trx.updateTable('documents').set(back).where('id', '=', document.id).execute();
    await noteWords(trx, { ...document, name });
    await appendAudit(trx, input.audit);
    return { ...document, ...back };
  },
);

/** With all that is in it, at once: each remembers with whom it went. Throws folder_not_found. */
export const trashFolderTransaction = transaction(
  'documents.trash_folder',
  async (trx, input: OfFolder) => {
    await holdOwner(trx, input.ownerId);
    const folder = await folderToChange(trx, claim(input, input.folderId, 'edit'));
    if (folder.trashed_at !== null) return;
    await trashTree(trx, input);
    await appendAudit(trx, input.audit);
  },
  { patient: true },
);

/** Whoever calls holds owner and folder. */
export async function trashTree(trx: Trx, { folderId, at }: OfFolder): Promise<void> {
  const gone = { trashed_at: at, trashed_with: folderId, updated_at: at };
  await trx
    .updateTable('documents')
    .set(gone)
    .where('folder_id', 'in', folderTree(trx, folderId, null))
    .where('trashed_at', 'is', null)
    .execute();
  await trx
    .updateTable('folders')
    .set(gone)
    .where('id', 'in', folderTree(trx, folderId, null))
    .execute();
  await trx.updateTable('folders').set({ trashed_with: null }).where('id', '=', folderId).execute();
}

/**
 * With all that went along with it and still lies below it; to where it was, or into the root. Throws folder_not_found, name_conflict,
 * invalid_request where that lies too deep by now.
 */
export const restoreFolderTransaction = transaction(
  'documents.restore_folder',
  async (trx, input: OfFolder & { name?: string }): Promise<FolderRow> => {
    const { ownerId } = input;
    await holdOwner(trx, ownerId);
    const folder = await folderToChange(trx, claim(input, input.folderId, 'edit'));
    if (folder.trashed_at === null) return folder;
    const parentId = await liveFolder(trx, folder.parent_id);
    const name = input.name ?? folder.name;
    await assertFits(trx, folder.id, parentId);
    await assertNameFree(trx, { ownerId, folderId: parentId, name });
    const mark = folder.trashed_with ?? folder.id;
    const back = { trashed_at: null, trashed_with: null, updated_at: input.at };
    const place = { parent_id: parentId, name };
    // Before it lives again: where it was, its old name may be another's by now.
    await trx.updateTable('folders').set(place).where('id', '=', folder.id).execute();
    await trx
      .updateTable('documents')
      .set(back)
      .where('folder_id', 'in', folderTree(trx, folder.id, mark))
      .where('trashed_with', '=', mark)
      .execute();
    await trx
      .updateTable('folders')
      .set(back)
      .where('id', 'in', folderTree(trx, folder.id, mark))
      .execute();
    await appendAudit(trx, input.audit);
    return { ...folder, ...back, ...place };
  },
  { patient: true },
);

/** The folder, where something can be put back into it; else the root. */
async function liveFolder(trx: Trx, folderId: string | null): Promise<string | null> {
  if (folderId === null) return null;
  const folder = await trx
    .selectFrom('folders')
    .select('trashed_at')
    .where('id', '=', folderId)
    .forShare()
    .executeTakeFirst();
  return folder?.trashed_at === null ? folderId : null;
}

export const trashTransactions = [
  trashDocumentTransaction,
  restoreDocumentTransaction,
  trashFolderTransaction,
  restoreFolderTransaction,
];
