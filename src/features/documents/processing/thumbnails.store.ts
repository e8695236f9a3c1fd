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

/** Those of the documents whose current version has one. */
export async function picturedOf(
  db: Db,
  documents: readonly { id: string; version: number }[],
): Promise<ReadonlySet<string>> {
  if (documents.length === 0) return new Set();
  const rows = await db
    .selectFrom('document_thumbnails')
    .select(['document_id', 'version'])
    .where(
      'document_id',
      'in',
      documents.map(({ id }) => id),
    )
    .execute();
  const versions = new Set(rows.map(({ document_id, version }) => `${document_id} ${version}`));
  return new Set(documents.filter(({ id, version }) => versions.has(`${id} ${version}`)).map(({ id }) => id));
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
