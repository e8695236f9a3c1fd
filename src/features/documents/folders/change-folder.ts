import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type FolderRow, folderFor } from '../access.ts';
import { act } from '../act.ts';
import { addFolderTransaction, changeFolderTransaction } from './folders.transactions.ts';

/** A folder in the root is the caller's own, any other its parent's owner's. `name` as documentName returns it. */
export async function addFolder(
  { metadata }: { metadata: Metadata },
  caller: Pick<Caller, 'accountId'>,
  { name, parentId }: { name: string; parentId: string | null },
): Promise<FolderRow> {
  const parent = parentId === null ? undefined : await folderFor(metadata.read, caller, parentId, 'edit');
  const ownerId = parent?.owner_account_id ?? caller.accountId;
  const id = newId('fld');
  const does = act(caller, ownerId, ['folder', id], 'add');
  const folder: FolderRow = {
    id,
    owner_account_id: ownerId,
    parent_id: parentId,
    name,
    created_at: does.at,
    updated_at: does.at,
    trashed_at: null,
    trashed_with: null,
  };
  await metadata.write(addFolderTransaction, { ...does, folder });
  return folder;
}

export interface FolderWish {
  name?: string;
  /** Null: the root of its owner, which nobody else may put anything into. */
  parentId?: string | null;
}

/** Throws folder_not_found, forbidden, invalid_request, and what changeFolderTransaction throws. */
export async function changeFolder(
  { metadata }: { metadata: Metadata },
  caller: Caller,
  folderId: string,
  wish: FolderWish,
): Promise<FolderRow> {
  const folder = await folderFor(metadata.read, caller, folderId, 'edit');
  const ownerId = folder.owner_account_id;
  if (typeof wish.parentId === 'string') {
    const parent = await folderFor(metadata.read, caller, wish.parentId, 'edit');
    if (parent.owner_account_id !== ownerId)
      throw new Problem('invalid_request', { message: 'parent_id: a folder stays with its owner' });
  }
  const changes = [...(wish.name === undefined ? [] : ['name']), ...(wish.parentId === undefined ? [] : ['parent'])];
  return await metadata.write(changeFolderTransaction, {
    ...act(caller, ownerId, ['folder', folderId], 'change', changes.join(', ')),
    ...wish,
    folderId,
  });
}
