import type { Metadata } from '#platform/metadata/metadata.ts';
import type { WantedBlob } from './blob-place.ts';
import { anyTables } from './rows.ts';

/** Whether rows name the blob now, too. One that went because what it belongs to is being deleted is in no later snapshot, so it is no damage. */
export async function isStillWanted(
  metadata: Pick<Metadata, 'read'>,
  { table, belongsTo, path }: WantedBlob,
): Promise<boolean> {
  const db = anyTables(metadata.read);
  if (table === 'chunks' || table === 'document_versions') {
    const owners = table === 'chunks' ? 'incidents' : 'documents';
    const owner = await db.selectFrom(owners).select('deletion_state').where('id', '=', belongsTo).executeTakeFirst();
    return owner?.deletion_state === 'active';
  }
  // A thumbnail may be made anew, and an upload ends, while what it belongs to stays.
  return (
    (await db.selectFrom(table).select('stored_path').where('stored_path', '=', path).executeTakeFirst()) !== undefined
  );
}
