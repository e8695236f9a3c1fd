import { z } from 'zod';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { documentFor } from '../access.ts';
import type { VaultDeps } from '../add-document.ts';
import type { DocumentConfig } from '../documents.config.ts';
import { documentAnswer, documentJson, documentTag } from '../documents.json.ts';
import { versionOf } from '../documents.store.ts';
import { topicsOfOne } from '../topics/topics.store.ts';
import { recordReading } from './read-entry.ts';
import { receiveVersion } from './receive-version.ts';
import { sendContent } from './send-content.ts';
import { VerifiedRanges } from './verified-ranges.ts';

export function contentRoutes(deps: VaultDeps, config: DocumentConfig): Route[] {
  const { metadata, blobs } = deps;
  const { read } = metadata;
  const ranges = new VerifiedRanges(blobs);
  const path = '/v1/documents/:document_id/content';
  const tag = 'Documents';

  return [
    route({
      method: 'GET',
      path,
      summary: 'Download a document',
      description:
        'Its exact bytes, each of them hashed before it is sent. One range of bytes may be asked for; several are answered by the whole. HEAD has the headers alone.',
      tag,
      access: 'account',
      limit: 'document_download',
      query: z.object({
        version: z.coerce.number().int().min(1).optional().describe('An earlier version; else the current one'),
      }),
      headers: {
        Range: { description: '`bytes=first-last`, `bytes=first-` or `bytes=-last`' },
        'If-Range': { description: 'An ETag: the range counts only if that is what stands' },
        'If-Match': { description: 'An ETag that must be the current one' },
        'If-None-Match': { description: 'An ETag that is at hand already' },
      },
      responses: {
        200: { description: 'All of it', mediaType: 'application/octet-stream', headers: { ETag: 'Of the version' } },
        206: {
          description: 'The range',
          mediaType: 'application/octet-stream',
          headers: { ETag: 'Of the version', 'Content-Range': 'What it is of the whole' },
        },
        304: { description: 'What is at hand is the current one' },
      },
      errors: [
        'document_not_found',
        'version_conflict',
        'range_not_satisfiable',
        'evidence_corrupt',
        'storage_unavailable',
      ],
      handle: async ({ c, caller, param, query }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const version = await versionOf(read, document.id, query.version ?? document.version);
        if (version === undefined)
          throw new Problem('document_not_found', { message: 'There is no such version of this document.' });
        return await sendContent(c, ranges, {
          name: document.name,
          version,
          record: (range) => recordReading(metadata, caller, document, version.version, range),
        });
      },
    }),
    route({
      method: 'PUT',
      path,
      summary: 'Make the next version of a document',
      description: 'The body is the content. Earlier versions stay as they are; to go back to one, send it again.',
      tag,
      access: 'account',
      limit: 'document_upload',
      headers: {
        'If-Match': {
          description:
            'The ETag of the content that this one follows, which is its version in quotes; or `*` for whatever is current',
          required: true,
        },
        'Content-Type': { description: 'What the sender takes it for; the server looks at the bytes' },
        'Repr-Digest': {
          description:
            '`sha-256=:base64:` of the body (RFC 9530): checked, and lets a repeated request be answered early',
        },
        'Idempotency-Key': {
          description:
            '1 to 255 visible ASCII characters. The same key with the same content is answered from the first.',
        },
      },
      body: { mediaType: 'application/octet-stream', description: 'The content, of any type' },
      responses: {
        200: {
          description: 'Kept: bytes and row are on durable storage',
          json: documentAnswer,
          headers: { ETag: 'Of the new version', 'Idempotency-Replayed': '`true` for what was done before' },
        },
      },
      errors: [
        'document_not_found',
        'forbidden',
        'document_in_trash',
        'invalid_request',
        'invalid_idempotency_key',
        'idempotency_conflict',
        'version_conflict',
        'hash_mismatch',
        'length_mismatch',
        'upload_too_large',
        'quota_exceeded',
        'staging_full',
        'storage_full',
        'storage_unavailable',
      ],
      handle: async ({ c, caller, param }) => {
        const document = await documentFor(read, caller, param('document_id'), 'edit');
        const { document: now, replayed } = await receiveVersion(deps, config, caller, document, c.env.incoming);
        return reply.json(
          200,
          { document: documentJson(now, await topicsOfOne(read, now.id)) },
          { ETag: documentTag(now.version), ...(replayed ? { 'Idempotency-Replayed': 'true' } : {}) },
        );
      },
    }),
  ];
}
