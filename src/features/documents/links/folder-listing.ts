import type { Db } from '#platform/metadata/metadata.ts';
import type { DocumentRow, FolderRow } from '../access.ts';

export interface Listing {
  folders: FolderRow[];
  documents: DocumentRow[];
  /** Where the next page begins. */
  next?: string;
}

const pageSize = 200;

/** What lies in a folder by name, folders first; `after` as an earlier page gave it. */
export async function listFolder(db: Db, folder: FolderRow, after: string | undefined): Promise<Listing> {
  const [kind, name] = after?.startsWith('d:') === true ? ['d', after.slice(2)] : ['f', after?.slice(2) ?? ''];
  const folders = kind === 'd' ? [] : await foldersIn(db, folder, name, pageSize + 1);
  const lastFolder = folders.at(pageSize - 1);
  if (folders.length > pageSize && lastFolder !== undefined)
    return { folders: folders.slice(0, pageSize), documents: [], next: `f:${lastFolder.name}` };
  const room = pageSize - folders.length;
  const documents = await documentsIn(db, folder, kind === 'd' ? name : '', room + 1);
  if (documents.length <= room) return { folders, documents };
  return { folders, documents: documents.slice(0, room), next: `d:${documents.at(room - 1)?.name ?? ''}` };
}

async function foldersIn(db: Db, folder: FolderRow, after: string, limit: number): Promise<FolderRow[]> {
  return await db
    .selectFrom('folders')
    .selectAll()
    .where('owner_account_id', '=', folder.owner_account_id)
    .where((where) => where(where.fn.coalesce('parent_id', where.val('')), '=', folder.id))
    .where('trashed_at', 'is', null)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute();
}

async function documentsIn(db: Db, folder: FolderRow, after: string, limit: number): Promise<DocumentRow[]> {
  return await db
    .selectFrom('documents')
    .selectAll()
    .where('owner_account_id', '=', folder.owner_account_id)
    .where((where) => where(where.fn.coalesce('folder_id', where.val('')), '=', folder.id))
    .where('trashed_at', 'is', null)
    .where('deletion_state', '=', 'active')
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute();
}
