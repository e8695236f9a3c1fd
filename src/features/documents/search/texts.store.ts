import type { Trx } from '#platform/metadata/metadata.ts';
import type { DocumentRow } from '../access.ts';
import { foldText } from './fold-text.ts';

/** What a document says: as it stands there, and as it is found. A parser makes both, since it takes a while for a long text. */
export interface SaidText {
  body: string;
  /** Of indexedWords. */
  words: string;
}

/** What a document says, in place of what an earlier version did. Its name and topics in there are kept by those that change them. */
export async function putText(
  trx: Trx,
  document: Pick<DocumentRow, 'id' | 'name' | 'version'>,
  { body, words }: SaidText,
): Promise<void> {
  const said = { version: document.version, body, words };
  await trx
    .insertInto('document_texts')
    .values({ document_id: document.id, name: foldText(document.name), topics: '', ...said })
    .onConflict((conflict) => conflict.column('document_id').doUpdateSet(said))
    .execute();
}
