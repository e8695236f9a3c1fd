import { appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { type FolderRow, folderToChange } from '../access.ts';
import { type Act, claim } from '../act.ts';
import { assertNameFree, holdTarget } from '../place.ts';
import { holdOwner } from '../quotas/quotas.store.ts';
import { assertFits } from './folder-tree.ts';

/** Throws folder_not_found, forbidden, name_conflict, invalid_request. */
export const addFolderTransaction = transaction(
  'documents.add_folder',
  async (trx, input: Act & { folder: FolderRow }): Promise<void> => {
    const { folder, ownerId } = input;
    const { parent_id: folderId, name } = folder;
    await holdOwner(trx, ownerId);
    await holdTarget(trx, input, folderId);
    await assertFits(trx, undefined, folderId);
    await assertNameFree(trx, { ownerId, folderId, name });
    await trx.insertInto('folders').values(folder).execute();
    await appendAudit(trx, input.audit);
  },
);

interface ChangeFolder extends Act {
  folderId: string;
  name?: string;
  /** Null: the root. */
  parentId?: string | null;
}

/**
 * One change of an owner's tree at a time, so that two moves cannot make a circle that neither of them sees. Throws folder_not_found, forbidden,
 * document_in_trash, folder_cycle, name_conflict, invalid_request.
 */
export const changeFolderTransaction = transaction(
  'documents.change_folder',
  async (trx, input: ChangeFolder): Promise<FolderRow> => {
    const { ownerId } = input;
    await holdOwner(trx, ownerId);
    const folder = await folderToChange(trx, claim(input, input.folderId, 'edit'));
    if (folder.trashed_at !== null) throw new Problem('document_in_trash');
    const changed = {
      name: input.name ?? folder.name,
      parent_id: input.parentId === undefined ? folder.parent_id : input.parentId,
      updated_at: input.at,
    };
    if (changed.parent_id !== folder.parent_id) {
      await holdTarget(trx, input, changed.parent_id);
      await assertFits(trx, folder.id, changed.parent_id);
    }
    await assertNameFree(trx, { ownerId, folderId: changed.parent_id, name: changed.name }, folder.id);
    await trx.updateTable('folders').set(changed).where('id', '=', folder.id).execute();
    await appendAudit(trx, input.audit);
    return { ...folder, ...changed };
  },
);

export const folderTransactions = [addFolderTransaction, changeFolderTransaction];
