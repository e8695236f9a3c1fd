import { parseIdempotencyKey } from '#http/idempotency-key.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { VaultDeps } from './add-document.ts';
import type { DocumentConfig } from './documents.config.ts';
import { documentAnswer, documentJson, documentTag } from './documents.json.ts';
import { receiveDocument } from './receive-document.ts';
import { topicsOfOne } from './topics/topics.store.ts';

export function addDocumentRoutes(deps: VaultDeps, config: DocumentConfig): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/documents',
      summary: 'Add a document',
      description:
        'The file’s bytes are kept exactly as they are. It may come before or after the fields; what stands before it is judged before it is read, so a folder of another owner is best named there.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_upload',
      headers: {
        'Idempotency-Key': {
          description:
            '1 to 255 visible ASCII characters. The same key with the same file and fields is answered from the first; with `sha256_hex` before the file, without reading it.',
        },
      },
      body: {
        mediaType: 'multipart/form-data',
        description: 'One file and its fields, each at most once',
        fields: {
          file: 'The document (required)',
          name: 'Its name; else the file’s',
          folder_id: 'The folder it goes into; else none. It belongs to the owner of the folder',
          topics: 'Names of topics, with commas between; those that are missing are made',
          sha256_hex: 'SHA-256 of the file, 64 lower-case hexadecimal digits: checked',
        },
      },
      responses: {
        201: {
          description: 'Kept: bytes and row are on durable storage',
          json: documentAnswer,
          headers: { ETag: 'Of its content' },
        },
        200: {
          description: 'An equivalent request under this key was answered before; this is its document as it is now',
          json: documentAnswer,
          headers: { 'Idempotency-Replayed': 'true' },
        },
      },
      errors: [
        'invalid_multipart',
        'missing_file',
        'duplicate_file',
        'invalid_request',
        'invalid_document_name',
        'invalid_sha256_hex',
        'invalid_idempotency_key',
        'folder_not_found',
        'forbidden',
        'document_not_found',
        'name_conflict',
        'idempotency_conflict',
        'hash_mismatch',
        'length_mismatch',
        'upload_too_large',
        'quota_exceeded',
        'staging_full',
        'storage_full',
        'storage_unavailable',
      ],
      handle: async ({ c, caller }) => {
        const { incoming } = c.env;
        const key = parseIdempotencyKey(incoming.headers['idempotency-key']);
        const { document, replayed } = await receiveDocument(deps, config, caller, incoming, key);
        const answer = { document: documentJson(document, await topicsOfOne(deps.metadata.read, document.id)) };
        return replayed
          ? reply.json(200, answer, { 'Idempotency-Replayed': 'true' })
          : reply.json(201, answer, { ETag: documentTag(document.version) });
      },
    }),
  ];
}
