import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from 'zod';
import { auditEntry, recordAudit } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import { writeWithBackPressure } from '#http/write-stream.ts';
import { Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentFor } from '../access.ts';
import type { VaultDeps } from '../add-document.ts';
import { versionOf } from '../documents.store.ts';
import { isShownAsStored, isShownAsText } from '../processing/media-kinds.ts';
import { thumbnailOf } from '../processing/thumbnails.store.ts';
import { textPreview } from './text-preview.ts';

/**
 * What is shown may draw itself and nothing else: no script, no request, no form, an origin of its own. Only pages of this server may frame
 * it. The policy has the sandbox, since Chromium shows no PDF in a frame that has the attribute.
 */
const inert = {
  'Content-Security-Policy': "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'X-Frame-Options': 'SAMEORIGIN',
  'Content-Disposition': 'inline',
};

const query = z.object({
  version: z.coerce.number().int().min(1).optional().describe('An earlier version; else the current one'),
});
const tag = 'Documents';

export function previewRoutes({ metadata, blobs }: VaultDeps): Route[] {
  const { read } = metadata;
  return [
    route({
      method: 'GET',
      path: '/v1/documents/:document_id/preview',
      summary: 'A document, for looking at',
      description:
        'Images (PNG, JPEG, GIF, WebP, AVIF) and PDF as they are stored; of text, the beginning, and of HTML the beginning of its source. The headers keep a browser from doing more than drawing it. Everything else is `not_found`.',
      tag,
      access: 'account',
      limit: 'document_download',
      query,
      responses: { 200: { description: 'Its bytes, or a text in UTF-8', mediaType: '*/*' } },
      errors: ['document_not_found', 'not_found', 'evidence_corrupt', 'storage_unavailable'],
      handle: async ({ c, caller, param, query }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const version = await versionOf(read, document.id, query.version ?? document.version);
        if (version === undefined)
          throw new Problem('document_not_found', { message: 'There is no such version of this document.' });
        const { media_type } = version;
        if (isShownAsText(media_type)) {
          const text = await textPreview(blobs, version);
          await record(metadata, caller, document, 'document.preview', version.version);
          return reply.text(200, text, 'text/plain; charset=utf-8', { 'Cache-Control': 'no-store', ...inert });
        }
        if (!isShownAsStored(media_type))
          throw new Problem('not_found', { message: 'A document of this type has no preview.' });
        return await sendInline(c, blobs, version, async () => {
          await record(metadata, caller, document, 'document.preview', version.version);
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/documents/:document_id/thumbnail',
      summary: 'A small picture of a document',
      description:
        'WebP of 512 pixels at most: of an image, or of the first page of a PDF. `not_found` until it is made, and for all other types.',
      tag,
      access: 'account',
      limit: 'document_read',
      query,
      responses: { 200: { description: 'The picture', mediaType: 'image/webp' } },
      errors: ['document_not_found', 'not_found', 'evidence_corrupt', 'storage_unavailable'],
      handle: async ({ c, caller, param, query }) => {
        const document = await documentFor(read, caller, param('document_id'), 'view');
        const thumbnail = await thumbnailOf(read, document.id, query.version ?? document.version);
        if (thumbnail === undefined)
          throw new Problem('not_found', { message: 'There is no small picture of this document.' });
        return await sendInline(c, blobs, thumbnail, async () => {
          // Owners see them wherever their documents are listed; what others see of them is on the log.
          if (caller.accountId !== document.owner_account_id)
            await record(metadata, caller, document, 'document.thumbnail', thumbnail.version);
        });
      },
    }),
  ];
}

interface Shown {
  stored_path: string;
  media_type: string;
  byte_size: number;
  sha256_hex: string;
}

/** The reading is on the audit log before the first byte goes out; the last ones go out only when the whole was right. */
async function sendInline(
  c: HttpContext,
  blobs: BlobStore,
  blob: Shown,
  record: () => Promise<void>,
): Promise<Response> {
  const { pieces } = await blobs.openVerified(blob.stored_path, {
    byteSize: blob.byte_size,
    sha256Hex: blob.sha256_hex,
  });
  try {
    await record();
  } catch (error) {
    await pieces.return();
    throw error;
  }
  const { outgoing } = c.env;
  outgoing.writeHead(
    200,
    reply.streamHeaders({ 'Content-Type': blob.media_type, 'Content-Length': String(blob.byte_size), ...inert }),
  );
  await writeWithBackPressure(outgoing, pieces);
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

async function record(metadata: Metadata, caller: Caller, document: DocumentRow, action: string, version: number) {
  const entry = auditEntry({
    actor: 'account',
    actorAccountId: caller.accountId,
    ownerAccountId: document.owner_account_id,
    action,
    subjectType: 'document',
    subjectId: document.id,
    detail: `version ${version}`,
  });
  await recordAudit(metadata, entry);
}
