import type { Db } from '#platform/metadata/metadata.ts';
import type { FolderRow } from '../access.ts';
import type { Page } from '../documents.store.ts';

export interface FolderFilter {
  ownerId: string;
  /** Null: those in no other. Absent: all. */
  parentId?: string | null;
  /** Those in the trash instead; without a parent only what went there by itself. */
  trashed: boolean;
}

/** Oldest first. */
export async function listFolders(db: Db, filter: FolderFilter, { limit, after }: Page): Promise<FolderRow[]> {
  const { parentId } = filter;
  let query = db
    .selectFrom('folders')
    .selectAll()
    .where('owner_account_id', '=', filter.ownerId)
    .where('trashed_at', filter.trashed ? 'is not' : 'is', null);
  if (parentId === null) query = query.where('parent_id', 'is', null);
  else if (parentId !== undefined) query = query.where('parent_id', '=', parentId);
  else if (filter.trashed) query = query.where('trashed_with', 'is', null);
  if (after !== undefined) query = query.where('id', '>', after);
  return await query.orderBy('id').limit(limit).execute();
}
