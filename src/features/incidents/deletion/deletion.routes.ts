import { z } from 'zod';
import type { Caller } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { incidentFor, ownIncidentFor } from '../incident-access.ts';
import { type DecisionRow, decisionOf } from './deletion.store.ts';
import { requestDeletion } from './request-deletion.ts';

const deletionShape = z
  .object({
    decision_id: z.string(),
    incident_id: z.string(),
    source: z.enum(['account_request', 'admin_request', 'retention_policy']),
    reason_code: z.string().optional(),
    actor_account_id: z.string().optional(),
    allow_open: z.boolean(),
    state: z.enum(['deletion_pending', 'deleting', 'deletion_failed', 'deleted']),
    item_count: z.number().int(),
    requested_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Deletion' });

function deletionJson(decision: DecisionRow): z.output<typeof deletionShape> {
  return {
    decision_id: decision.id,
    incident_id: decision.incident_id,
    source: decision.source,
    ...(decision.reason_code === null ? {} : { reason_code: decision.reason_code }),
    ...(decision.actor_account_id === null ? {} : { actor_account_id: decision.actor_account_id }),
    allow_open: decision.allow_open === 1,
    state: decision.state,
    item_count: decision.item_count,
    requested_at: decision.requested_at,
    updated_at: decision.updated_at,
  };
}

const one = z.object({ deletion: deletionShape });

const requestFields = z.strictObject({
  reason_code: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . : -')
    .optional()
    .describe('1 to 64 of A-Z a-z 0-9 _ . : -'),
  allow_open: z.boolean().optional().describe('Also while the incident is open'),
});

export function deletionRoutes(deps: { metadata: Metadata }): Route[] {
  return [...pair(deps, 'account', '/v1/incidents'), ...pair(deps, 'admin', '/v1/admin/incidents')];
}

/** The owner's two routes and the administrator's differ in who may call them and in the source that is written down. */
function pair(deps: { metadata: Metadata }, access: 'account' | 'admin', prefix: string): Route[] {
  const path = `${prefix}/:incident_id/deletion`;
  const tag = 'Deletion';
  const incidentOf = access === 'account' ? ownIncidentFor : incidentFor;
  const ownIncident = (caller: Caller, id: string) => incidentOf(deps.metadata.read, caller, id);
  return [
    route({
      method: 'POST',
      path,
      summary: access === 'admin' ? 'Delete an incident, as administrator' : 'Delete an own incident',
      description:
        'From the answer on the incident takes and shows nothing more; its bytes go in the background. Repeats return the same decision.',
      tag,
      access,
      limit: access === 'admin' ? 'admin' : 'incident_write',
      json: requestFields,
      jsonOptional: true,
      responses: { 202: { description: 'Decided', json: one } },
      errors: ['incident_not_found', 'incident_open'],
      handle: async ({ caller, json, param }) => {
        const incident = await ownIncident(caller, param('incident_id'));
        const decision = await requestDeletion(deps, {
          incidentId: incident.id,
          source: access === 'admin' ? 'admin_request' : 'account_request',
          reasonCode: json.reason_code,
          allowOpen: json.allow_open === true,
          by: { actor: 'account', actorAccountId: caller.accountId },
        });
        return reply.json(202, { deletion: deletionJson(decision) });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: access === 'admin' ? 'How far a deletion is, as administrator' : 'How far a deletion is',
      tag,
      access,
      limit: access === 'admin' ? 'admin' : 'incident_read',
      responses: { 200: { description: 'The decision', json: one } },
      errors: ['incident_not_found', 'incident_deletion_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await ownIncident(caller, param('incident_id'));
        const decision = await decisionOf(deps.metadata.read, incident.id);
        if (decision === undefined) throw new Problem('incident_deletion_not_found');
        return reply.json(200, { deletion: deletionJson(decision) });
      },
    }),
  ];
}
