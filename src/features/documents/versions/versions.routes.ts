import { z } from 'zod';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { documentFor } from '../access.ts';
import { type VersionRow, versionsOf } from '../documents.store.ts';

const versionShape = z
  .object({
    version: z.number().int(),
    media_type: z.string(),
    byte_size: z.number().int(),
    sha256_hex: z.string(),
    created_by_account_id: z.string().optional(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'DocumentVersion' });

function versionJson(row: VersionRow): z.output<typeof versionShape> {
  const { version, media_type, byte_size, sha256_hex, created_by_account_id: by, created_at } = row;
  return {
    version,
    media_type,
    byte_size,
    sha256_hex,
    ...(by === null ? {} : { created_by_account_id: by }),
    created_at,
  };
}

export function versionRoutes({ metadata }: { metadata: Metadata }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/documents/:document_id/versions',
      summary: 'List the versions of a document',
      description: 'Each is kept as it came. `GET …/content?version=` downloads one.',
      tag: 'Documents',
      access: 'account',
      limit: 'document_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of versions, the newest first',
          json: z.object({ versions: z.array(versionShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['document_not_found', 'invalid_cursor'],
      handle: async ({ caller, query, param }) => {
        const document = await documentFor(metadata.read, caller, param('document_id'), 'view');
        const found = await versionsOf(metadata.read, document.id, query.limit + 1, versionBefore(query.cursor));
        const { rows, ...next } = pageOf(
          found.map((row) => ({ ...row, id: String(row.version) })),
          query.limit,
        );
        return reply.json(200, { versions: rows.map(versionJson), ...next });
      },
    }),
  ];
}

function versionBefore(cursor: string | undefined): number | undefined {
  const last = decodeCursor(cursor);
  if (last === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(last)) throw new Problem('invalid_cursor');
  return Number(last);
}
