import type { Selectable } from 'kysely';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { DocumentThumbnailsTable } from '../documents.tables.ts';

export type ThumbnailRow = Selectable<DocumentThumbnailsTable>;

export async function thumbnailOf(db: Db, documentId: string, version: number): Promise<ThumbnailRow | undefined> {
  return await db
    .selectFrom('document_thumbnails')
    .selectAll()
    .where('document_id', '=', documentId)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** In place of an earlier one, which is returned: no row names its blob any more. */
export async function putThumbnail(trx: Trx, row: ThumbnailRow): Promise<ThumbnailRow | undefined> {
  const earlier = await thumbnailOf(trx, row.document_id, row.version);
  await trx
    .insertInto('document_thumbnails')
    .values(row)
    .onConflict((conflict) => conflict.columns(['document_id', 'version']).doUpdateSet(row))
    .execute();
  return earlier;
}
