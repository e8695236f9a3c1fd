import { z } from 'zod';
import { optionalText } from '#http/check.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { parseTimestamp, timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import { incidentFor } from '../incident-access.ts';
import type { ViewerTokenConfig } from './viewer-tokens.config.ts';
import { type IncidentTokenRow, tokenById } from './viewer-tokens.store.ts';
import { createTokenTransaction, revokeTokenTransaction } from './viewer-tokens.transactions.ts';

const time = z.iso.datetime();

export function viewerTokenRoutes(deps: { metadata: Metadata }, config: ViewerTokenConfig): Route[] {
  const { metadata } = deps;
  const tag = 'Viewer links';
  return [
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/incident-tokens',
      summary: 'Make a viewer link',
      description:
        'Read-only access to one incident, at `/i/{token}`. Without `expires_at` the default of the server holds; null lasts until revoked.',
      tag,
      access: 'account',
      limit: 'token',
      json: z.strictObject({
        label: optionalText(200),
        expires_at: z.string().max(64).nullable().optional().describe('RFC 3339, in the future; null: until withdrawn'),
      }),
      jsonOptional: true,
      responses: {
        201: {
          description: 'The token, shown this once',
          json: z.object({
            token_id: z.string(),
            incident_id: z.string(),
            token: z.string(),
            label: z.string().optional(),
            created_at: time,
            expires_at: time.optional(),
          }),
        },
      },
      errors: ['incident_not_found', 'incident_deleting', 'invalid_request'],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const now = Date.now();
        const token = newSecret();
        const row: IncidentTokenRow = {
          id: newId('itk', now),
          incident_id: incident.id,
          token_hash: hashSecret(token),
          label: json.label ?? null,
          created_at: timestamp(now),
          expires_at: expiry(json.expires_at, now, config.defaultTtlMs),
          revoked_at: null,
        };
        await metadata.write(createTokenTransaction, row);
        return reply.json(201, {
          token_id: row.id,
          incident_id: row.incident_id,
          token,
          ...(row.label === null ? {} : { label: row.label }),
          created_at: row.created_at,
          ...(row.expires_at === null ? {} : { expires_at: row.expires_at }),
        });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/incident-tokens/:token_id/revoke',
      summary: 'Withdraw a viewer link',
      tag,
      access: 'account',
      limit: 'token',
      responses: {
        200: { description: 'Withdrawn', json: z.object({ token_id: z.string(), revoked: z.literal(true) }) },
      },
      errors: ['incident_token_not_found'],
      handle: async ({ caller, param }) => {
        const token = await tokenById(metadata.read, param('token_id'));
        if (token === undefined) throw new Problem('incident_token_not_found');
        await incidentFor(metadata.read, caller, token.incident_id).catch((error: unknown) => {
          throw isProblem(error, 'incident_not_found') ? new Problem('incident_token_not_found') : error;
        });
        const revoked = await metadata.write(revokeTokenTransaction, { tokenId: token.id, at: timestamp(Date.now()) });
        if (!revoked) throw new Problem('incident_token_not_found');
        return reply.json(200, { token_id: token.id, revoked: true });
      },
    }),
  ];
}

function expiry(given: string | null | undefined, now: number, defaultTtlMs: number): string | null {
  if (given === null) return null;
  if (given === undefined) return defaultTtlMs === 0 ? null : timestamp(now + defaultTtlMs);
  const at = parseTimestamp(given);
  if (at === undefined || at <= timestamp(now))
    throw new Problem('invalid_request', { message: 'expires_at: must be an RFC 3339 time in the future, or null' });
  return at;
}
