import { sql } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { TopicsInput } from './parser/parser-task.ts';

const mostTopics = 200;
const mostExamples = 400;
const mostOthers = 50;
/** Of each text. Characters. */
const exampleLength = 10_000;

const beginning = sql<string>`substr(document_texts.body, 1, ${sql.lit(exampleLength)})`;

/** What the owner has, the newest first, for suggesting topics for one of their documents. */
export async function topicExamples(
  db: Db,
  ownerId: string,
  documentId: string,
): Promise<Pick<TopicsInput, 'topics' | 'others'>> {
  const topics = await db
    .selectFrom('topics')
    .select(['id', 'name'])
    .where('owner_account_id', '=', ownerId)
    .orderBy('id', 'desc')
    .limit(mostTopics)
    .execute();
  if (topics.length === 0) return { topics: [], others: [] };
  const examples = await db
    .selectFrom('document_topics')
    .innerJoin('document_texts', 'document_texts.document_id', 'document_topics.document_id')
    .select(['document_topics.topic_id', beginning.as('text')])
    .where(
      'document_topics.topic_id',
      'in',
      topics.map(({ id }) => id),
    )
    .where('document_topics.state', '=', 'confirmed')
    .where('document_topics.document_id', '<>', documentId)
    .orderBy('document_topics.document_id', 'desc')
    .limit(mostExamples)
    .execute();
  const others = await db
    .selectFrom('documents')
    .innerJoin('document_texts', 'document_texts.document_id', 'documents.id')
    .select(beginning.as('text'))
    .where('documents.owner_account_id', '=', ownerId)
    .where('documents.id', '<>', documentId)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('document_topics')
            .select('topic_id')
            .whereRef('document_topics.document_id', '=', 'documents.id')
            .where('document_topics.state', '=', 'confirmed'),
        ),
      ),
    )
    .orderBy('documents.id', 'desc')
    .limit(mostOthers)
    .execute();
  return {
    topics: topics.map((topic) => ({
      ...topic,
      texts: examples.filter(({ topic_id }) => topic_id === topic.id).map(({ text }) => text),
    })),
    others: others.map(({ text }) => text),
  };
}
