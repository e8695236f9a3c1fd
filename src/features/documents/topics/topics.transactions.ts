import { appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import type { Act } from '../act.ts';
import { holdOwner } from '../quotas/quotas.store.ts';
import { forgetTopic } from '../search/note-words.ts';
import type { NamedTopic } from './topic-name.ts';
import { ensureTopics, type TopicRow, topicById } from './topics.store.ts';

/** The topic of that name, also where there was one already: nothing is written then. */
export const addTopicTransaction = transaction(
  'documents.add_topic',
  async (trx, input: Act & { topic: NamedTopic }): Promise<{ created: boolean; topic: TopicRow }> => {
    await holdOwner(trx, input.ownerId);
    const [topic] = await ensureTopics(trx, input.ownerId, [input.topic], input.at);
    if (topic === undefined) throw new Error('a topic that was just made is not there');
    const created = topic.id === input.topic.id;
    if (created) await appendAudit(trx, input.audit);
    return { created, topic };
  },
);

/** Takes it from every document too. Throws topic_not_found. */
export const deleteTopicTransaction = transaction(
  'documents.delete_topic',
  async (trx, input: Act & { topicId: string }) => {
    await holdOwner(trx, input.ownerId);
    const topic = await topicById(trx, input.topicId);
    if (topic?.owner_account_id !== input.ownerId) throw new Problem('topic_not_found');
    await forgetTopic(trx, topic);
    await trx.deleteFrom('topics').where('id', '=', topic.id).execute();
    await appendAudit(trx, input.audit);
  },
  { patient: true },
);

export const topicTransactions = [addTopicTransaction, deleteTopicTransaction];
