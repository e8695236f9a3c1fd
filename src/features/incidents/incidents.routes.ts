import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import { freeText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { checkinJson, checkinShape } from './check-ins/check-ins.json.ts';
import { checkinsOf } from './check-ins/check-ins.store.ts';
import { chunkShape, chunksJson } from './chunks/chunks.json.ts';
import { chunksOfIncident } from './chunks/chunks.store.ts';
import { incidentFor } from './incident-access.ts';
import { createIncidentFields, incidentJson, incidentShape, labelsJson } from './incidents.json.ts';
import { listIncidents } from './incidents.store.ts';
import {
  assignOwnerTransaction,
  closeIncidentTransaction,
  createIncidentTransaction,
} from './incidents.transactions.ts';
import { streamJson, streamShape } from './streams/streams.json.ts';
import { streamsOf } from './streams/streams.store.ts';

/** More chunks or check-ins than this are not put into one answer; the cursor says where their own listings go on. */
const childrenInOneAnswer = 10_000;

const labelShapes = createIncidentFields.omit({ client_label: true, notes: true }).shape;

export function incidentRoutes(deps: { metadata: Metadata }): Route[] {
  const { metadata } = deps;
  const tag = 'Incidents';
  return [
    route({
      method: 'POST',
      path: '/v1/incidents',
      summary: 'Open an incident',
      description:
        'The mode fields are labels for people: they change no behaviour of the server, except for how long retention keeps a closed incident.',
      tag,
      access: 'account',
      limit: 'incident_write',
      json: createIncidentFields,
      jsonOptional: true,
      responses: {
        201: {
          description: 'Opened',
          json: z.object({ incident_id: z.string(), status: z.literal('open'), ...labelShapes }),
        },
      },
      errors: [],
      handle: async ({ caller, json }) => {
        const now = Date.now();
        const at = timestamp(now);
        const incident = {
          id: newId('inc', now),
          owner_account_id: caller.accountId,
          status: 'open' as const,
          client_label: json.client_label ?? null,
          notes: json.notes ?? null,
          incident_mode: json.incident_mode ?? null,
          capture_profile: json.capture_profile ?? null,
          escalation_policy: json.escalation_policy ?? null,
          sharing_state: json.sharing_state ?? null,
          created_at: at,
          updated_at: at,
        };
        await metadata.write(createIncidentTransaction, incident);
        return reply.json(201, { incident_id: incident.id, status: incident.status, ...labelsJson(incident) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents',
      summary: 'List incidents',
      description:
        "The own ones, newest first. Administrators see all, or one account's with `owner`; `owner=none` those without owner.",
      tag,
      access: 'account',
      limit: 'incident_read',
      query: pageQuery.extend({
        owner: z.string().max(100).optional().describe('For administrators: an account id, or `none`'),
      }),
      responses: {
        200: {
          description: 'A page of incidents',
          json: z.object({ incidents: z.array(incidentShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['invalid_cursor'],
      handle: async ({ caller, query }) => {
        const asked = query.owner === 'none' ? null : query.owner;
        const owner = caller.role === 'admin' ? asked : caller.accountId;
        const found = await listIncidents(metadata.read, owner, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { incidents: rows.map(incidentJson), ...next });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id',
      summary: 'One incident with all that belongs to it',
      description: `Up to ${childrenInOneAnswer} chunks; when there are more, \`chunks_next_cursor\` goes on in the listing of chunks.`,
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: {
        200: {
          description: 'The incident',
          json: z.object({
            incident: incidentShape,
            streams: z.array(streamShape),
            chunks: z.array(chunkShape),
            chunks_next_cursor: z.string().optional(),
            checkins: z.array(checkinShape),
          }),
        },
      },
      errors: ['incident_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const [streams, chunks, checkins] = await Promise.all([
          streamsOf(metadata.read, incident.id),
          chunksOfIncident(metadata.read, incident.id, childrenInOneAnswer + 1),
          checkinsOf(metadata.read, incident.id, childrenInOneAnswer),
        ]);
        const { rows, next_cursor } = pageOf(chunks, childrenInOneAnswer);
        return reply.json(200, {
          incident: incidentJson(incident),
          streams: streams.map(streamJson),
          chunks: await chunksJson(metadata.read, rows),
          ...(next_cursor === undefined ? {} : { chunks_next_cursor: next_cursor }),
          checkins: checkins.map(checkinJson),
        });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/close',
      summary: 'Close an incident',
      description: 'No chunk is accepted afterwards. Closing again changes nothing.',
      tag,
      access: 'account',
      limit: 'incident_write',
      responses: { 200: { description: 'The closed incident', json: incidentShape } },
      errors: ['incident_not_found', 'incident_deleting'],
      handle: async ({ caller, param }) => {
        const { id } = await incidentFor(metadata.read, caller, param('incident_id'));
        const at = timestamp(Date.now());
        return reply.json(200, incidentJson(await metadata.write(closeIncidentTransaction, { incidentId: id, at })));
      },
    }),
    route({
      method: 'POST',
      path: '/v1/admin/incidents/:incident_id/owner',
      summary: 'Give an incident without owner to an account',
      description: 'Once. For incidents that came from an older server.',
      tag,
      access: 'admin',
      limit: 'admin',
      json: z.strictObject({ account_id: freeText(100) }),
      responses: { 200: { description: 'The incident', json: z.object({ incident: incidentShape }) } },
      errors: ['incident_not_found', 'account_not_found', 'incident_has_owner', 'incident_deleting'],
      handle: async ({ caller, json, param }) => {
        const incidentId = param('incident_id');
        const incident = await metadata.write(assignOwnerTransaction, {
          incidentId,
          accountId: json.account_id,
          at: timestamp(Date.now()),
          audit: auditEntry({
            actor: 'account',
            actorAccountId: caller.accountId,
            action: 'incident.assign_owner',
            subjectType: 'incident',
            subjectId: incidentId,
          }),
        });
        return reply.json(200, { incident: incidentJson(incident) });
      },
    }),
  ];
}
