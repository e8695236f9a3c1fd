import type { Trx } from '#platform/metadata/metadata.ts';
import type { DocumentRow } from '../access.ts';

/** What a document says, in place of what an earlier version did. Its name and topics in there are kept by those that change them. */
export async function putText(
  trx: Trx,
  document: Pick<DocumentRow, 'id' | 'name' | 'version'>,
  body: string,
): Promise<void> {
  const said = { version: document.version, body };
  await trx
    .insertInto('document_texts')
    .values({ document_id: document.id, name: document.name, topics: '', ...said })
    .onConflict((conflict) => conflict.column('document_id').doUpdateSet(said))
    .execute();
}
