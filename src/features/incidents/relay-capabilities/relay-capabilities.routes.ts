import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import { type IncidentRow, incidentFor } from '../incident-access.ts';
import { streamOf } from '../streams/streams.store.ts';
import { mayFanOut, type RelayCapabilityConfig } from './relay-capabilities.config.ts';
import { type CapabilityRow, capabilityById } from './relay-capabilities.store.ts';
import { createCapabilityTransaction, revokeCapabilityTransaction } from './relay-capabilities.transactions.ts';

const path = '/v1/incidents/:incident_id/streams/:stream_id/relay-capabilities';
const time = z.iso.datetime();

export function relayCapabilityRoutes({ metadata }: { metadata: Metadata }, config: RelayCapabilityConfig): Route[] {
  const tag = 'Relay';
  const longest = Math.floor(config.ttlMs / 1000);
  return [
    route({
      method: 'POST',
      path,
      summary: 'Let a stream be uploaded, or read along, through the relay',
      description: `Works for \`ttl_seconds\`, at most ${longest} here, and ends with the stream, its incident, or when it is revoked. \`upload\` is for sending this stream's chunks; \`fanout\` for reading them before they are confirmed, where the stream's variant role allows.`,
      tag,
      access: 'account',
      limit: 'token',
      json: z.strictObject({
        kind: z.enum(['upload', 'fanout']),
        ttl_seconds: z.number().int().min(1).max(longest).optional(),
      }),
      responses: {
        201: {
          description: 'The token, shown this once',
          json: z.object({
            capability_id: z.string(),
            token: z.string(),
            kind: z.enum(['upload', 'fanout']),
            relay_url: z.url(),
            incident_id: z.string(),
            stream_id: z.string(),
            variant_roles: z
              .array(z.string())
              .describe('Of the stream, what this covers; empty for one of no capture group'),
            expires_at: time,
          }),
        },
      },
      errors: [
        'incident_not_found',
        'incident_closed',
        'incident_deleting',
        'stream_not_found',
        'stream_not_open',
        'relay_not_configured',
        'relay_role_not_eligible',
      ],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const stream = await streamOf(metadata.read, incident.id, param('stream_id'));
        if (config.url === '') throw new Problem('relay_not_configured');
        if (json.kind === 'fanout' && !mayFanOut(config, stream.variant_role ?? 'none'))
          throw new Problem('relay_role_not_eligible');
        const now = Date.now();
        const token = newSecret();
        const row: CapabilityRow = {
          id: newId('cap', now),
          kind: json.kind,
          incident_id: incident.id,
          stream_id: stream.id,
          account_id: caller.accountId,
          token_hash: hashSecret(token),
          created_at: timestamp(now),
          expires_at: timestamp(now + (json.ttl_seconds ?? longest) * 1000),
          revoked_at: null,
        };
        await metadata.write(createCapabilityTransaction, {
          row,
          audit: entry(caller, incident, row.id, 'create', now),
        });
        return reply.json(201, {
          capability_id: row.id,
          token,
          kind: row.kind,
          relay_url: config.url,
          incident_id: row.incident_id,
          stream_id: row.stream_id,
          variant_roles: stream.variant_role === null ? [] : [stream.variant_role],
          expires_at: row.expires_at,
        });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/relay-capabilities/:capability_id/revoke',
      summary: 'Withdraw a relay capability',
      description: 'Uploads by it are refused from now on; readers are let go within a second.',
      tag,
      access: 'account',
      limit: 'token',
      responses: {
        200: { description: 'Withdrawn', json: z.object({ capability_id: z.string(), revoked: z.literal(true) }) },
      },
      errors: ['relay_capability_not_found'],
      handle: async ({ caller, param }) => {
        const found = await capabilityById(metadata.read, param('capability_id'));
        if (found === undefined) throw new Problem('relay_capability_not_found');
        const incident = await incidentFor(metadata.read, caller, found.incident_id).catch((error: unknown) => {
          throw isProblem(error, 'incident_not_found') ? new Problem('relay_capability_not_found') : error;
        });
        const now = Date.now();
        const revoked = await metadata.write(revokeCapabilityTransaction, {
          id: found.id,
          at: timestamp(now),
          audit: entry(caller, incident, found.id, 'revoke', now),
        });
        if (!revoked) throw new Problem('relay_capability_not_found');
        return reply.json(200, { capability_id: found.id, revoked: true });
      },
    }),
  ];
}

function entry(caller: Caller, incident: IncidentRow, id: string, verb: string, nowMs: number) {
  return auditEntry(
    {
      actor: 'account',
      actorAccountId: caller.accountId,
      ...(incident.owner_account_id === null ? {} : { ownerAccountId: incident.owner_account_id }),
      action: `relay_capability.${verb}`,
      subjectType: 'relay_capability',
      subjectId: id,
    },
    nowMs,
  );
}
