import { z } from 'zod';
import { freeText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { documentFor, folderFor } from './access.ts';
import type { VaultDeps } from './add-document.ts';
import { changeDocument } from './change-document.ts';
import { documentName } from './document-name.ts';
import { documentAnswer, documentJson, foundShape } from './documents.json.ts';
import { type DocumentFilter, listDocuments } from './documents.store.ts';
import { picturedOf } from './processing/thumbnails.store.ts';
import { answerSearch } from './search/answer-search.ts';
import { topicsOf, topicsOfOne } from './topics/topics.store.ts';

const listQuery = pageQuery.extend({
  folder_id: z.string().max(100).optional().describe('Only those in this folder; `root` for those in none'),
  q: freeText(500).optional().describe('What to search for'),
  topic: z.string().max(100).optional().describe('Only those with the topic of this name'),
  trashed: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Those in the trash; without a folder not those that went there along with one'),
});

export function documentsRoutes(deps: VaultDeps): Route[] {
  const { read } = deps.metadata;
  const tag = 'Documents';
  const path = '/v1/documents/:document_id';
  return [
    route({
      method: 'GET',
      path: '/v1/documents',
      summary: 'List documents',
      description:
        'The own ones; or those in a folder, which may be another owner’s. With `q` a search through names, topics and texts of all that the caller may see, outside of the trash: all words must be there, "words in a row" in quotes, -words not; the last word may be a beginning. Documents whose name has every word come first, then those whose name and topics have, then the rest, each the latest change first.',
      tag,
      access: 'account',
      limit: 'document_read',
      query: listQuery,
      responses: {
        200: {
          description: 'A page of documents, the oldest first',
          json: z.object({ documents: z.array(foundShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor', 'folder_not_found', 'forbidden'],
      handle: async ({ caller, query }) => {
        const trashed = query.trashed === 'true';
        if (query.q !== undefined) {
          if (trashed || query.folder_id !== undefined)
            throw new Problem('invalid_request', {
              message: 'q searches everywhere outside of the trash: give no folder_id or trashed beside it.',
            });
          return reply.json(200, await answerSearch(deps.metadata, caller, { ...query, q: query.q }));
        }
        let filter: DocumentFilter = { ownerId: caller.accountId, trashed };
        if (query.folder_id === 'root') filter = { ...filter, folderId: null };
        else if (query.folder_id !== undefined) {
          const folder = await folderFor(read, caller, query.folder_id, trashed ? 'own' : 'view');
          filter = { ...filter, ownerId: folder.owner_account_id, folderId: folder.id };
        }
        if (query.topic !== undefined) filter.topic = query.topic.normalize('NFC');
        const after = decodeCursor(query.cursor);
        const page = { limit: query.limit + 1, ...(after === undefined ? {} : { after }) };
        const { rows, ...next } = pageOf(await listDocuments(read, filter, page), query.limit);
        const topics = await topicsOf(
          read,
          rows.map(({ id }) => id),
        );
        const pictured = await picturedOf(read, rows);
        const documents = rows.map((row) => documentJson(row, topics.get(row.id), pictured.has(row.id)));
        return reply.json(200, { documents, ...next });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'A document',
      tag,
      access: 'account',
      limit: 'document_read',
      responses: { 200: { description: 'The document', json: documentAnswer } },
      errors: ['document_not_found'],
      handle: async ({ caller, param }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const topics = await topicsOfOne(read, document.id);
        const isPictured = (await picturedOf(read, [document])).has(document.id);
        const answer = { document: documentJson(document, topics, isPictured) };
        return reply.json(200, answer);
      },
    }),
    route({
      method: 'PATCH',
      path,
      summary: 'Rename or move a document, or set its topics',
      description:
        'What is absent stays as it is. Topics are all that it has from then on: a suggestion among them is confirmed, any other refused.',
      tag,
      access: 'account',
      limit: 'document_write',
      json: z.strictObject({
        name: z.string().max(1024).optional(),
        folder_id: z.string().max(100).nullable().optional().describe('null: out of all folders'),
        topics: z.array(z.string().max(1024)).max(1000).optional().describe('Names; those that are missing are made'),
        suggested_topics: z
          .array(z.string().max(1024))
          .max(1000)
          .optional()
          .describe('Along with `topics`: suggestions that stay undecided'),
      }),
      responses: { 200: { description: 'The document as it is now', json: documentAnswer } },
      errors: [
        'document_not_found',
        'document_in_trash',
        'invalid_document_name',
        'folder_not_found',
        'forbidden',
        'name_conflict',
      ],
      handle: async ({ caller, json, param }) => {
        if (Object.keys(json).length === 0) throw new Problem('invalid_request', { message: 'nothing to change' });
        const document = await changeDocument(deps, caller, param('document_id'), {
          ...(json.name === undefined ? {} : { name: documentName(json.name) }),
          ...(json.folder_id === undefined ? {} : { folderId: json.folder_id }),
          ...(json.topics === undefined ? {} : { topics: json.topics }),
          ...(json.suggested_topics === undefined ? {} : { openTopics: json.suggested_topics }),
        });
        return reply.json(200, { document: documentJson(document, await topicsOfOne(read, document.id)) });
      },
    }),
  ];
}
