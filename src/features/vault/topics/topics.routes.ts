import type { Route } from '#http/route.ts';
import { documentAnswer, topicsAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { backTo, type Gate, type Visit, wordsFor } from '../gate.ts';
import { topicsPage } from './topics.pages.ts';

export function topicRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  const showTopics = async (visit: Visit, wrong?: string) => {
    const cursor = visit.query.get('cursor');
    const query = { limit: '200', ...(cursor === null ? {} : { cursor }) };
    const { topics, next_cursor: nextCursor } = await api.read(visit, '/v1/topics', topicsAnswer, { query });
    const named = topics.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
    return await topicsPage(visit, { topics: named, nextCursor, ...(wrong === undefined ? {} : { wrong }) });
  };
  return [
    gate.page('/documents/topics', 'Topics', (visit) => showTopics(visit)),
    gate.act('/documents/topics', 'Make a topic', async (visit, form) => {
      try {
        await api.act(visit, 'POST', '/v1/topics', { json: { name: form.get('name') ?? '' } });
      } catch (error) {
        return await showTopics(visit, wordsFor(error, ['invalid_request']));
      }
      return backTo(form, '/documents/topics', 'topic');
    }),
    gate.act('/documents/topics/delete', 'Remove a topic', async (visit, form) => {
      await api.act(visit, 'DELETE', '/v1/topics/:topic_id', { params: { topic_id: form.get('topic') ?? '' } });
      return backTo(form, '/documents/topics', 'topic-deleted');
    }),
    gate.act('/documents/files/:document_id/topics', 'Add, confirm or refuse topics', async (visit, form) => {
      const params = { document_id: visit.param('document_id') };
      const path = '/v1/documents/:document_id';
      const { document } = await api.read(visit, path, documentAnswer, { params });
      const [add, confirm, remove] = ['add', 'confirm', 'remove'].map((name) => (form.get(name) ?? '').trim());
      const wanted = new Set(document.topics);
      if (add) wanted.add(add);
      if (confirm) wanted.add(confirm);
      if (remove) wanted.delete(remove);
      const decided = new Set([confirm, remove, add]);
      const open = document.suggested_topics.filter((name) => !decided.has(name));
      await api.act(visit, 'PATCH', path, { params, json: { topics: [...wanted], suggested_topics: open } });
      return backTo(form, `/documents/files/${document.id}`, 'topic');
    }),
  ];
}
