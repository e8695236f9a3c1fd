import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { folderFor } from '../access.ts';
import { documentName } from '../document-name.ts';
import { addFolder, changeFolder } from './change-folder.ts';
import { folderAnswer, folderJson, folderShape } from './folders.json.ts';
import { type FolderFilter, listFolders } from './folders.store.ts';

const listQuery = pageQuery.extend({
  parent_id: z.string().max(100).optional().describe('Only those in this folder; `root` for those in none'),
  trashed: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Those in the trash; without a parent not those that went there along with another'),
});

const name = z.string().max(1024);

export function folderRoutes(deps: { metadata: Metadata }): Route[] {
  const { read } = deps.metadata;
  const tag = 'Folders';
  const path = '/v1/folders/:folder_id';
  return [
    route({
      method: 'GET',
      path: '/v1/folders',
      summary: 'List folders',
      description: 'The own ones; or those in a folder, which may be another owner’s.',
      tag,
      access: 'account',
      limit: 'document_read',
      query: listQuery,
      responses: {
        200: {
          description: 'A page of folders, the oldest first',
          json: z.object({ folders: z.array(folderShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor', 'folder_not_found', 'forbidden'],
      handle: async ({ caller, query }) => {
        const trashed = query.trashed === 'true';
        let filter: FolderFilter = { ownerId: caller.accountId, trashed };
        if (query.parent_id === 'root') filter = { ...filter, parentId: null };
        else if (query.parent_id !== undefined) {
          const parent = await folderFor(read, caller, query.parent_id, trashed ? 'own' : 'view');
          filter = { ...filter, ownerId: parent.owner_account_id, parentId: parent.id };
        }
        const after = decodeCursor(query.cursor);
        const page = { limit: query.limit + 1, ...(after === undefined ? {} : { after }) };
        const { rows, ...next } = pageOf(await listFolders(read, filter, page), query.limit);
        return reply.json(200, { folders: rows.map(folderJson), ...next });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/folders',
      summary: 'Make a folder',
      description: 'In a folder of another owner it is theirs. One name once in a folder, over documents and folders.',
      tag,
      access: 'account',
      limit: 'document_write',
      json: z.strictObject({ name, parent_id: z.string().max(100).optional() }),
      responses: { 201: { description: 'Made', json: folderAnswer } },
      errors: ['invalid_document_name', 'folder_not_found', 'forbidden', 'name_conflict'],
      handle: async ({ caller, json }) => {
        const folder = await addFolder(deps, caller, {
          name: documentName(json.name),
          parentId: json.parent_id ?? null,
        });
        return reply.json(201, { folder: folderJson(folder) });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'A folder',
      tag,
      access: 'account',
      limit: 'document_read',
      responses: { 200: { description: 'The folder', json: folderAnswer } },
      errors: ['folder_not_found'],
      handle: async ({ caller, param }) =>
        reply.json(200, { folder: folderJson(await folderFor(read, caller, param('folder_id'), 'view')) }),
    }),
    route({
      method: 'PATCH',
      path,
      summary: 'Rename or move a folder',
      tag,
      access: 'account',
      limit: 'document_write',
      json: z.strictObject({
        name: name.optional(),
        parent_id: z.string().max(100).nullable().optional().describe('null: out of all folders'),
      }),
      responses: { 200: { description: 'The folder as it is now', json: folderAnswer } },
      errors: [
        'folder_not_found',
        'forbidden',
        'document_in_trash',
        'invalid_document_name',
        'folder_cycle',
        'name_conflict',
      ],
      handle: async ({ caller, json, param }) => {
        if (Object.keys(json).length === 0) throw new Problem('invalid_request', { message: 'nothing to change' });
        const folder = await changeFolder(deps, caller, param('folder_id'), {
          ...(json.name === undefined ? {} : { name: documentName(json.name) }),
          ...(json.parent_id === undefined ? {} : { parentId: json.parent_id }),
        });
        return reply.json(200, { folder: folderJson(folder) });
      },
    }),
  ];
}
