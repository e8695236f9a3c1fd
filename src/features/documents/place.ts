import { sql } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import { folderHeld } from './access.ts';
import type { Act } from './act.ts';

/** Where a document or a folder stands. The root is the folder null. */
export interface Place {
  ownerId: string;
  folderId: string | null;
  name: string;
}

/**
 * Holds a folder that something of its owner's is put into. The root is the owner's alone. Throws folder_not_found, also for a folder in
 * the trash; forbidden.
 */
export async function holdTarget(trx: Trx, act: Omit<Act, 'audit'>, folderId: string | null): Promise<void> {
  const { accountId, at, ownerId } = act;
  if (folderId === null) {
    if (accountId !== ownerId) throw new Problem('forbidden');
    return;
  }
  const folder = await folderHeld(trx, { accountId, at, id: folderId, need: 'edit' });
  if (folder.owner_account_id !== ownerId || folder.trashed_at !== null) throw new Problem('folder_not_found');
}

/**
 * One name once in a folder, over documents and folders together as in any file system, so that a mirror to one can keep them all.
 * Decided while the owner is held; the unique indexes stand behind it. Throws name_conflict.
 */
export async function assertNameFree(trx: Db, { ownerId, folderId, name }: Place, exceptId = ''): Promise<void> {
  const document = await trx
    .selectFrom('documents')
    .select('id')
    .where('owner_account_id', '=', ownerId)
    .where(sql`coalesce(folder_id, '')`, '=', folderId ?? '')
    .where('name', '=', name)
    .where('trashed_at', 'is', null)
    .where('id', '<>', exceptId)
    .executeTakeFirst();
  const folder = await trx
    .selectFrom('folders')
    .select('id')
    .where('owner_account_id', '=', ownerId)
    .where(sql`coalesce(parent_id, '')`, '=', folderId ?? '')
    .where('name', '=', name)
    .where('trashed_at', 'is', null)
    .where('id', '<>', exceptId)
    .executeTakeFirst();
  if (document !== undefined || folder !== undefined) throw new Problem('name_conflict');
}
