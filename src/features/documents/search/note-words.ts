import type { Trx } from '#platform/metadata/metadata.ts';
import { topicsOf, topicsOfOne } from '../topics/topics.store.ts';
import { foldText } from './fold-text.ts';

/** In the text's row, what a document is found by besides: kept in the transaction that changes name or topics. The text stays. */
export async function noteWords(trx: Trx, document: { id: string; name: string; version: number }): Promise<void> {
  const { confirmed } = await topicsOfOne(trx, document.id);
  const words = { name: foldText(document.name), topics: topicWords(confirmed) };
  await trx
    .insertInto('document_texts')
    .values({ document_id: document.id, version: document.version, ...words, body: '', words: '' })
    .onConflict((conflict) => conflict.column('document_id').doUpdateSet(words))
    .execute();
}

const topicWords = (names: readonly string[]) => foldText(names.join(' '));
const atOnce = 500;

/** For the transaction that takes a topic from every document: as if it were gone already. */
export async function forgetTopic(trx: Trx, topic: { id: string; name: string }): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await trx
      .selectFrom('document_topics')
      .select('document_id')
      .where('topic_id', '=', topic.id)
      .where('state', '=', 'confirmed')
      .where('document_id', '>', after)
      .orderBy('document_id')
      .limit(atOnce)
      .execute();
    const ids = rows.map((row) => row.document_id);
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    const left = await topicsOf(trx, ids);
    const alike = Map.groupBy(ids, (id) =>
      topicWords((left.get(id)?.confirmed ?? []).filter((name) => name !== topic.name)),
    );
    for (const [topics, some] of alike)
      await trx.updateTable('document_texts').set({ topics }).where('document_id', 'in', some).execute();
  }
}
