import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentFor, folderFor } from '../access.ts';
import { act } from '../act.ts';
import { documentName } from '../document-name.ts';
import { documentAnswer, documentJson } from '../documents.json.ts';
import { folderAnswer, folderJson } from '../folders/folders.json.ts';
import { topicsOfOne } from '../topics/topics.store.ts';
import { deleteDocumentTransaction, deleteFolderTransaction, emptyTrashTransaction } from './deletion.transactions.ts';
import {
  restoreDocumentTransaction,
  restoreFolderTransaction,
  trashDocumentTransaction,
  trashFolderTransaction,
} from './trash.transactions.ts';

const permanently = z.object({
  permanent: z.enum(['true', 'false']).default('false').describe('For good, also from the trash; for its owner alone'),
});

const restoring = z.strictObject({
  name: z.string().max(1024).optional().describe('Another name, where its own is taken by now'),
});

const restored =
  'Back to where it was; into the root, where its folder is gone or in the trash. What is not in the trash stays as it is.';

export function trashRoutes({ metadata }: { metadata: Metadata }): Route[] {
  const { read } = metadata;
  return [
    route({
      method: 'DELETE',
      path: '/v1/documents/:document_id',
      summary: 'Move a document to the trash, or delete it for good',
      description: 'What is deleted for good is gone at once; its room comes back when its bytes are removed.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_write',
      query: permanently,
      responses: { 204: { description: 'In the trash, or gone' } },
      errors: ['document_not_found', 'forbidden'],
      handle: async ({ caller, param, query }) => {
        const permanent = query.permanent === 'true';
        const documentId = param('document_id');
        const document = await documentFor(read, caller, documentId, permanent ? 'own' : 'edit');
        const verb = permanent ? 'delete' : 'trash';
        const input = { documentId, ...act(caller, document.owner_account_id, ['document', documentId], verb) };
        await metadata.write(permanent ? deleteDocumentTransaction : trashDocumentTransaction, input);
        return reply.noContent();
      },
    }),
    route({
      method: 'POST',
      path: '/v1/documents/:document_id/restore',
      summary: 'Take a document out of the trash',
      description: restored,
      tag: 'Documents',
      access: 'account',
      limit: 'document_write',
      json: restoring,
      jsonOptional: true,
      responses: { 200: { description: 'The document as it is now', json: documentAnswer } },
      errors: ['document_not_found', 'forbidden', 'invalid_document_name', 'name_conflict'],
      handle: async ({ caller, json, param }) => {
        const documentId = param('document_id');
        const { owner_account_id: ownerId } = await documentFor(read, caller, documentId, 'edit');
        const document = await metadata.write(restoreDocumentTransaction, {
          documentId,
          ...act(caller, ownerId, ['document', documentId], 'restore'),
          ...(json.name === undefined ? {} : { name: documentName(json.name) }),
        });
        return reply.json(200, { document: documentJson(document, await topicsOfOne(read, document.id)) });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/folders/:folder_id',
      summary: 'Move a folder with all that is in it to the trash, or delete it for good',
      description:
        'For good takes what went to the trash along with it, too; what was there by itself before stays there.',
      tag: 'Folders',
      access: 'account',
      limit: 'document_write',
      query: permanently,
      responses: { 204: { description: 'In the trash, or gone' } },
      errors: ['folder_not_found', 'forbidden'],
      handle: async ({ caller, param, query }) => {
        const permanent = query.permanent === 'true';
        const folderId = param('folder_id');
        const folder = await folderFor(read, caller, folderId, permanent ? 'own' : 'edit');
        const verb = permanent ? 'delete' : 'trash';
        const input = { folderId, ...act(caller, folder.owner_account_id, ['folder', folderId], verb) };
        await metadata.write(permanent ? deleteFolderTransaction : trashFolderTransaction, input);
        return reply.noContent();
      },
    }),
    route({
      method: 'POST',
      path: '/v1/folders/:folder_id/restore',
      summary: 'Take a folder out of the trash, with all that went there along with it',
      description: restored,
      tag: 'Folders',
      access: 'account',
      limit: 'document_write',
      json: restoring,
      jsonOptional: true,
      responses: { 200: { description: 'The folder as it is now', json: folderAnswer } },
      errors: ['folder_not_found', 'forbidden', 'invalid_document_name', 'name_conflict'],
      handle: async ({ caller, json, param }) => {
        const folderId = param('folder_id');
        const { owner_account_id: ownerId } = await folderFor(read, caller, folderId, 'edit');
        const folder = await metadata.write(restoreFolderTransaction, {
          folderId,
          ...act(caller, ownerId, ['folder', folderId], 'restore'),
          ...(json.name === undefined ? {} : { name: documentName(json.name) }),
        });
        return reply.json(200, { folder: folderJson(folder) });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/trash',
      summary: 'Empty the trash',
      description: 'Everything of the own account that is in it is deleted for good.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_write',
      responses: {
        200: { description: 'How many documents that were', json: z.object({ documents: z.number().int() }) },
      },
      errors: [],
      handle: async ({ caller }) => {
        const documents = await metadata.write(emptyTrashTransaction, {
          ownerId: caller.accountId,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            ownerAccountId: caller.accountId,
            action: 'trash.empty',
            subjectType: 'account',
            subjectId: caller.accountId,
          }),
        });
        return reply.json(200, { documents });
      },
    }),
  ];
}
