import type { Selectable } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { SharesTable } from '../documents.tables.ts';

export type ShareRow = Selectable<SharesTable>;

/** What a share is on. */
export type ShareTarget = { documentId: string; folderId?: undefined } | { folderId: string; documentId?: undefined };

/** With the names of whom it is for. */
export interface ListedShare extends ShareRow {
  username: string | null;
  group_name: string | null;
}

/** Those on the very thing that were not revoked, expired ones too, oldest first. */
export async function sharesOn(db: Db, on: ShareTarget, limit: number, after?: string): Promise<ListedShare[]> {
  return await db
    .selectFrom('shares')
    .leftJoin('accounts', 'accounts.id', 'shares.account_id')
    .leftJoin('groups', 'groups.id', 'shares.group_id')
    .selectAll('shares')
    .select(['accounts.username', 'groups.name as group_name'])
    .where((where) =>
      on.documentId === undefined
        ? where('shares.folder_id', '=', on.folderId)
        : where('shares.document_id', '=', on.documentId),
    )
    .where('shares.revoked_at', 'is', null)
    .$if(after !== undefined, (query) => query.where('shares.id', '>', after ?? ''))
    .orderBy('shares.id')
    .limit(limit)
    .execute();
}
