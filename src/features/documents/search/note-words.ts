import type { Trx } from '#platform/metadata/metadata.ts';
import { topicsOfOne } from '../topics/topics.store.ts';
import { foldText } from './fold-text.ts';

/** What a document is found by besides its text: kept in the transaction that changes name or topics. The text is left as it is. */
export async function noteWords(trx: Trx, document: { id: string; name: string; version: number }): Promise<void> {
  const { confirmed } = await topicsOfOne(trx, document.id);
  const words = { name: foldText(document.name), topics: foldText(confirmed.join(' ')) };
  await trx
    .insertInto('document_texts')
    .values({ document_id: document.id, version: document.version, ...words, body: '' })
    .onConflict((conflict) => conflict.column('document_id').doUpdateSet(words))
    .execute();
}
