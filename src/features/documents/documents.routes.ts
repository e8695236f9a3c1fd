import { z } from 'zod';
import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import { receiveForm } from '#http/receive-form.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { sendBlob } from '#http/send-blob.ts';
import { Problem } from '#kit/errors.ts';
import { documentFor, folderFor } from './access.ts';
import { addDocument, type VaultDeps } from './add-document.ts';
import { documentName } from './document-name.ts';
import type { DocumentConfig } from './documents.config.ts';
import { documentJson, documentShape } from './documents.json.ts';
import { listDocuments, versionOf } from './documents.store.ts';
import { assertRoom, quotaOf } from './quotas/quotas.store.ts';

const documentAnswer = z.object({ document: documentShape });

/** A form's boundaries and fields come on top of the file. Bytes. */
const formOverheadBytes = 32 * 1024;

export function documentRoutes(deps: VaultDeps, config: DocumentConfig): Route[] {
  const { read } = deps.metadata;
  const tag = 'Documents';
  return [
    route({
      method: 'POST',
      path: '/v1/documents',
      summary: 'Add a document',
      description: 'The file may come before or after the fields. Its bytes are kept exactly as they are.',
      tag,
      access: 'account',
      limit: 'document_upload',
      headers: {
        'Idempotency-Key': {
          description: '1 to 255 visible ASCII characters. The same key with the same file is answered from the first.',
        },
      },
      body: {
        mediaType: 'multipart/form-data',
        description: 'One file and its fields, each at most once',
        fields: {
          file: 'The document (required)',
          name: "Its name; else the file's",
          folder_id: 'The folder it goes into; else none',
        },
      },
      responses: {
        201: { description: 'Kept: bytes and row are on durable storage', json: documentAnswer },
        200: {
          description: 'An equivalent request under this key was answered before; this is its answer',
          json: documentAnswer,
          headers: { 'Idempotency-Replayed': 'true' },
        },
      },
      errors: [
        'invalid_multipart',
        'missing_file',
        'duplicate_file',
        'invalid_document_name',
        'invalid_idempotency_key',
        'folder_not_found',
        'forbidden',
        'name_conflict',
        'idempotency_conflict',
        'length_mismatch',
        'upload_too_large',
        'quota_exceeded',
        'staging_full',
        'storage_full',
        'storage_unavailable',
      ],
      handle: async ({ c, caller }) => {
        const { headers } = c.env.incoming;
        const idempotencyKey = parseIdempotencyKey(headers['idempotency-key']);
        const expected = Math.max(0, Number(headers['content-length'] ?? 0) - formOverheadBytes);
        if (expected > config.maxUploadBytes) throw new Problem('upload_too_large');
        assertRoom(await quotaOf(read, caller.accountId), config, { bytes: expected, documents: 1 });
        const { staging } = deps.blobs;
        staging.assertRoom(expected);
        const limits = { maxBytes: config.maxUploadBytes };
        const form = await receiveForm(c.env.incoming, staging, limits, ['name', 'folder_id']);
        try {
          const folderId = form.fields.folder_id ?? null;
          const folder = folderId === null ? undefined : await folderFor(read, caller, folderId, 'edit');
          const { document, replayed } = await addDocument(deps, config, caller, {
            ownerId: folder?.owner_account_id ?? caller.accountId,
            folderId,
            name: documentName(form.fields.name ?? form.file.name),
            mediaType: form.file.mediaType,
            body: form.body,
            idempotencyKey,
          });
          const answer = { document: documentJson(document, []) };
          return replayed
            ? reply.json(200, answer, { 'Idempotency-Replayed': 'true' })
            : reply.json(201, answer, { ETag: `"${document.version}"` });
        } finally {
          await form.body.discard();
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/documents',
      summary: 'List documents',
      tag,
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of documents',
          json: z.object({ documents: z.array(documentShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const found = await listDocuments(read, caller.accountId, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { documents: rows.map((row) => documentJson(row, [])), ...next });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/documents/:document_id',
      summary: 'A document',
      tag,
      access: 'account',
      limit: 'document_read',
      responses: { 200: { description: 'The document', json: documentAnswer } },
      errors: ['document_not_found'],
      handle: async ({ caller, param }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        return reply.json(200, { document: documentJson(document, []) }, { ETag: `"${document.version}"` });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/documents/:document_id/content',
      summary: 'Download a document',
      tag,
      access: 'account',
      limit: 'document_download',
      responses: { 200: { description: 'Its exact bytes', mediaType: 'application/octet-stream' } },
      errors: ['document_not_found', 'evidence_corrupt', 'storage_unavailable'],
      handle: async ({ c, caller, param }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const version = await versionOf(read, document.id, document.version);
        if (version === undefined) throw new Problem('document_not_found');
        return await sendBlob(c, deps.blobs, version, document.id);
      },
    }),
  ];
}
