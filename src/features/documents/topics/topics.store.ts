import type { Selectable } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { TopicsTable } from '../documents.tables.ts';
import type { NamedTopic } from './topic-name.ts';

export type TopicRow = Selectable<TopicsTable>;

/** Names, in their order. */
export interface TopicsOfDocument {
  confirmed: string[];
  suggested: string[];
}

export const noTopics: TopicsOfDocument = { confirmed: [], suggested: [] };

/** A document without any is missing. */
export async function topicsOf(db: Db, documentIds: readonly string[]): Promise<Map<string, TopicsOfDocument>> {
  const found = new Map<string, TopicsOfDocument>();
  if (documentIds.length === 0) return found;
  const rows = await db
    .selectFrom('document_topics')
    .innerJoin('topics', 'topics.id', 'document_topics.topic_id')
    .select(['document_topics.document_id', 'document_topics.state', 'topics.name'])
    .where('document_topics.document_id', 'in', documentIds)
    .orderBy('topics.name')
    .execute();
  for (const { document_id, state, name } of rows) {
    const topics = found.get(document_id) ?? { confirmed: [], suggested: [] };
    topics[state].push(name);
    found.set(document_id, topics);
  }
  return found;
}

export async function topicsOfOne(db: Db, documentId: string): Promise<TopicsOfDocument> {
  return (await topicsOf(db, [documentId])).get(documentId) ?? noTopics;
}

export async function topicById(db: Db, id: string): Promise<TopicRow | undefined> {
  return await db.selectFrom('topics').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function listTopics(db: Db, ownerId: string, limit: number, after?: string): Promise<TopicRow[]> {
  return await db
    .selectFrom('topics')
    .selectAll()
    .where('owner_account_id', '=', ownerId)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Makes the topics that are missing; all of them, as they stand then. */
export async function ensureTopics(
  trx: Trx,
  ownerId: string,
  wanted: readonly NamedTopic[],
  at: Timestamp,
): Promise<TopicRow[]> {
  if (wanted.length === 0) return [];
  await trx
    .insertInto('topics')
    .values(wanted.map(({ id, name }) => ({ id, owner_account_id: ownerId, name, created_at: at })))
    .onConflict((conflict) => conflict.columns(['owner_account_id', 'name']).doNothing())
    .execute();
  return await trx
    .selectFrom('topics')
    .selectAll()
    .where('owner_account_id', '=', ownerId)
    .where(
      'name',
      'in',
      wanted.map(({ name }) => name),
    )
    .execute();
}

/** From here on the document has just these. A suggestion among them is confirmed by that, any other refused, but for those that are to stay open. */
export async function setTopics(
  trx: Trx,
  document: { id: string; owner_account_id: string },
  wanted: readonly NamedTopic[],
  at: Timestamp,
  open: readonly string[] = [],
): Promise<void> {
  const topics = await ensureTopics(trx, document.owner_account_id, wanted, at);
  const ids = topics.map(({ id }) => id);
  await trx
    .deleteFrom('document_topics')
    .where('document_id', '=', document.id)
    .$if(ids.length > 0, (query) => query.where('topic_id', 'not in', ids))
    .$if(open.length > 0, (query) =>
      query.where((where) =>
        where.or([
          where('state', '=', 'confirmed'),
          where('topic_id', 'not in', (topics) =>
            topics
              .selectFrom('topics')
              .select('id')
              .where('owner_account_id', '=', document.owner_account_id)
              .where('name', 'in', open),
          ),
        ]),
      ),
    )
    .execute();
  if (ids.length === 0) return;
  await trx
    .insertInto('document_topics')
    .values(
      ids.map((topicId) => ({
        document_id: document.id,
        topic_id: topicId,
        owner_account_id: document.owner_account_id,
        state: 'confirmed' as const,
        created_at: at,
      })),
    )
    .onConflict((conflict) => conflict.columns(['document_id', 'topic_id']).doUpdateSet({ state: 'confirmed' }))
    .execute();
}
