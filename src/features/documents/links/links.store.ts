import { sql } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { hashSecret } from '#platform/process/secrets.ts';
import type { DocumentRow, FolderRow } from '../access.ts';
import { foldersAbove } from '../shares/grants.ts';
import type { ShareRow } from '../shares/shares.store.ts';

/** A share by a link, whether or not it may still be opened. */
export interface LinkRow extends ShareRow {
  link_key: string;
  /** 1 while what it is on, and every folder above that, is there and not in the trash. */
  stands: number;
}

const linkQuery = compiled((db, by: { tokenHash: string }) =>
  db
    .selectFrom('shares')
    .selectAll()
    .select(
      sql<number>`CASE WHEN EXISTS (${foldersAbove(
        sql`coalesce(shares.folder_id, (SELECT folder_id FROM documents WHERE id = shares.document_id))`,
      )} SELECT 1 FROM above WHERE trashed_at IS NOT NULL) THEN 0 WHEN shares.folder_id IS NOT NULL THEN 1 ELSE
        (SELECT count(*) FROM documents WHERE id = shares.document_id AND trashed_at IS NULL AND deletion_state = 'active')
      END`.as('stands'),
    )
    .where('token_hash', '=', by.tokenHash),
);

export async function linkNamed(db: Db, token: string): Promise<LinkRow | undefined> {
  const row = await linkQuery.first(db, { tokenHash: hashSecret(token) });
  // A token alone finds links, and each of them has a key: the table checks it.
  return row === undefined || row.link_key === null ? undefined : { ...row, link_key: row.link_key };
}

/** Why nobody is let in any more; undefined while it opens. */
export function endOf(link: LinkRow, at: Timestamp): 'revoked' | 'expired' | 'gone' | undefined {
  if (link.revoked_at !== null) return 'revoked';
  if (link.expires_at !== null && link.expires_at <= at) return 'expired';
  return Number(link.stands) === 1 ? undefined : 'gone';
}

export function isUsedUp({ max_downloads, downloads }: Pick<ShareRow, 'max_downloads' | 'downloads'>): boolean {
  return max_downloads !== null && downloads >= max_downloads;
}

type Inside = { shareFolderId: string; id: string };

/** Whether a folder is the shared one or lies below it, and nothing up to there, or above, is in the trash. */
const reaches = (by: Inside, folderId: ReturnType<typeof sql>) => sql<boolean>`1 = (${foldersAbove(folderId)}
  SELECT CASE WHEN count(CASE WHEN id = ${by.shareFolderId} THEN 1 END) = 1 AND count(trashed_at) = 0 THEN 1 ELSE 0 END FROM above)`;

const documentInside = compiled((db, by: Inside) =>
  db
    .selectFrom('documents')
    .selectAll()
    .where('id', '=', by.id)
    .where('trashed_at', 'is', null)
    .where('deletion_state', '=', 'active')
    .where(reaches(by, sql`documents.folder_id`)),
);

const folderInside = compiled((db, by: Inside) =>
  db.selectFrom('folders').selectAll().where('id', '=', by.id).where(reaches(by, sql`folders.id`)),
);

const document = compiled((db, by: { id: string }) =>
  db
    .selectFrom('documents')
    .selectAll()
    .where('id', '=', by.id)
    .where('trashed_at', 'is', null)
    .where('deletion_state', '=', 'active'),
);

/** A document that the link shows: the one it is on, or one in or below the folder it is on. */
export async function linkedDocument(db: Db, link: ShareRow, id: string): Promise<DocumentRow | undefined> {
  if (link.folder_id !== null) return await documentInside.first(db, { shareFolderId: link.folder_id, id });
  return link.document_id === id ? await document.first(db, { id }) : undefined;
}

export async function linkedFolder(db: Db, link: ShareRow, id: string): Promise<FolderRow | undefined> {
  return link.folder_id === null ? undefined : await folderInside.first(db, { shareFolderId: link.folder_id, id });
}

/** From the shared folder down to the one that the given one lies in; empty for the shared folder itself. */
export async function foldersBetween(db: Db, link: ShareRow, folder: FolderRow): Promise<FolderRow[]> {
  if (folder.id === link.folder_id || folder.parent_id === null) return [];
  const rows = await db
    .selectFrom('folders')
    .selectAll()
    .where(sql<boolean>`id IN (${foldersAbove(sql`${folder.parent_id}`)} SELECT id FROM above)`)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const path: FolderRow[] = [];
  for (let id: string | null = folder.parent_id; id !== null; ) {
    const one = byId.get(id);
    if (one === undefined) break;
    path.unshift(one);
    byId.delete(id);
    id = one.id === link.folder_id ? null : one.parent_id;
  }
  return path;
}
