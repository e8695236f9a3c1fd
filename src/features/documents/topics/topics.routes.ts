import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { act } from '../act.ts';
import { topicName } from './topic-name.ts';
import { listTopics, type TopicRow } from './topics.store.ts';
import { addTopicTransaction, deleteTopicTransaction } from './topics.transactions.ts';

const topicShape = z.object({ id: z.string(), name: z.string(), created_at: z.iso.datetime() }).meta({ id: 'Topic' });

function topicJson({ id, name, created_at }: TopicRow): z.output<typeof topicShape> {
  return { id, name, created_at };
}

/** Topics are an account's own; documents of its folders carry them, whoever adds them. */
export function topicRoutes({ metadata }: { metadata: Metadata }): Route[] {
  const tag = 'Topics';
  return [
    route({
      method: 'GET',
      path: '/v1/topics',
      summary: 'List the own topics',
      tag,
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of topics, the oldest first',
          json: z.object({ topics: z.array(topicShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const found = await listTopics(metadata.read, caller.accountId, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { topics: rows.map(topicJson), ...next });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/topics',
      summary: 'Make a topic',
      tag,
      access: 'account',
      limit: 'document_write',
      json: z.strictObject({ name: z.string().max(1024) }),
      responses: {
        201: { description: 'Made', json: z.object({ topic: topicShape }) },
        200: { description: 'There is one of that name', json: z.object({ topic: topicShape }) },
      },
      errors: [],
      handle: async ({ caller, json }) => {
        const topic = { id: newId('top'), name: topicName(json.name) };
        const made = await metadata.write(addTopicTransaction, {
          ...act(caller, caller.accountId, ['topic', topic.id], 'add'),
          topic,
        });
        return reply.json(made.created ? 201 : 200, { topic: topicJson(made.topic) });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/topics/:topic_id',
      summary: 'Delete a topic',
      description: 'Every document loses it. The documents stay.',
      tag,
      access: 'account',
      limit: 'document_write',
      responses: { 204: { description: 'Gone' } },
      errors: ['topic_not_found'],
      handle: async ({ caller, param }) => {
        const topicId = param('topic_id');
        await metadata.write(deleteTopicTransaction, {
          ...act(caller, caller.accountId, ['topic', topicId], 'delete'),
          topicId,
        });
        return reply.noContent();
      },
    }),
  ];
}
