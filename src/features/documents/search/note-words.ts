import { sql } from 'kysely';
import type { Trx } from '#platform/metadata/metadata.ts';
import { topicsOfOne } from '../topics/topics.store.ts';

/** What a document is found by besides its text: kept in the transaction that changes name or topics. The text is left as it is. */
export async function noteWords(trx: Trx, document: { id: string; name: string; version: number }): Promise<void> {
  const { confirmed } = await topicsOfOne(trx, document.id);
  const words = { name: document.name, topics: confirmed.join(' ') };
  await trx
    .insertInto('document_texts')
    .values({ document_id: document.id, version: document.version, ...words, body: '' })
    .onConflict((conflict) => conflict.column('document_id').doUpdateSet(words))
    .execute();
}

/** As if the topic were gone already: for the transaction that takes it from every document at once. */
export async function forgetTopic(trx: Trx, topicId: string): Promise<void> {
  await trx
    .updateTable('document_texts')
    .set((builder) => ({
      topics: builder.fn.coalesce(
        builder
          .selectFrom('document_topics')
          .innerJoin('topics', 'topics.id', 'document_topics.topic_id')
          .select(sql<string>`string_agg(topics.name, ' ')`.as('names'))
          .whereRef('document_topics.document_id', '=', 'document_texts.document_id')
          .where('document_topics.state', '=', 'confirmed')
          .where('topics.id', '<>', topicId),
        builder.val(''),
      ),
    }))
    .where('document_id', 'in', (builder) =>
      builder.selectFrom('document_topics').select('document_id').where('topic_id', '=', topicId),
    )
    .execute();
}
