import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { policyVersion } from '#kit/evidence/policy.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sourceName } from '../../chunks/chunk-source.ts';
import { assertNotDeleting, type IncidentRow, incidentFor } from '../../incident-access.ts';
import { captureGroupOf } from '../captures.store.ts';
import { judgeSupersession } from './judge-supersession.ts';
import { refusalShape, supersessionJson, supersessionShape } from './supersessions.json.ts';
import { type SupersessionRow, supersessionOf, supersessionsOf } from './supersessions.store.ts';
import { recordSupersessionTransaction, withdrawSupersessionTransaction } from './supersessions.transactions.ts';

const side = z.strictObject({ stream_id: z.string().max(128), source_segment_id: z.string().regex(sourceName) });
const one = z.object({ supersession: supersessionShape });
const path = '/v1/incidents/:incident_id/capture-groups/:capture_group_id/supersessions';

export function supersessionRoutes({ metadata, blobs }: { metadata: Metadata; blobs: BlobStore }): Route[] {
  const tag = 'Captures';
  const groupFor = async (caller: Caller, param: (name: string) => string) => {
    const incident = await incidentFor(metadata.read, caller, param('incident_id'));
    return { incident, group: await captureGroupOf(metadata.read, incident.id, param('capture_group_id')) };
  };
  return [
    route({
      method: 'POST',
      path,
      summary: 'Record that one chunk supersedes another',
      description:
        'A decision about choosing: neither chunk changes, and none is removed. A repetition gets the first one.',
      tag,
      access: 'account',
      limit: 'stream',
      json: z.strictObject({ superseding: side, superseded: side }),
      responses: {
        201: { description: 'Recorded', json: one },
        200: { description: 'It stood already', json: one },
      },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'capture_group_not_found',
        'supersession_refused',
        'storage_unavailable',
      ],
      errorBodies: { supersession_refused: z.object({ condition: refusalShape }) },
      handle: async ({ caller, json, param }) => {
        const { incident, group } = await groupFor(caller, param);
        assertNotDeleting(incident);
        const judged = await judgeSupersession(
          { read: metadata.read, blobs },
          {
            incidentId: incident.id,
            groupId: group.id,
            superseding: { streamId: json.superseding.stream_id, segmentId: json.superseding.source_segment_id },
            superseded: { streamId: json.superseded.stream_id, segmentId: json.superseded.source_segment_id },
          },
        );
        if (judged.violated !== undefined)
          throw new Problem('supersession_refused', { body: { condition: judged.violated } });
        const now = Date.now();
        const recorded = await metadata.write(recordSupersessionTransaction, {
          incidentId: incident.id,
          row: {
            id: newId('sup', now),
            capture_group_id: group.id,
            superseding_stream_id: json.superseding.stream_id,
            superseding_segment_id: json.superseding.source_segment_id,
            superseded_stream_id: json.superseded.stream_id,
            superseded_segment_id: json.superseded.source_segment_id,
            coverage_basis: judged.basis,
            validation_state: 'validated',
            policy_version: policyVersion,
            reason: judged.reason,
            actor: 'account',
            actor_account_id: caller.accountId,
            withdraws_id: null,
            created_at: timestamp(now),
          },
          audit: entry(caller, incident, group.id, 'supersession.record', now),
        });
        return reply.json(recorded.isNew ? 201 : 200, { supersession: supersessionJson(recorded.row) });
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:supersession_id/withdraw`,
      summary: 'Take a supersession back',
      description: 'By a row of its own: the earlier one stays as it is.',
      tag,
      access: 'account',
      limit: 'stream',
      responses: { 201: { description: 'The row that takes it back', json: one } },
      errors: [
        'incident_not_found',
        'incident_deleting',
        'capture_group_not_found',
        'supersession_not_found',
        'supersession_withdrawn',
      ],
      handle: async ({ caller, param }) => {
        const { incident, group } = await groupFor(caller, param);
        const now = Date.now();
        const earlier = await supersessionOf(metadata.read, group.id, param('supersession_id'));
        const row: SupersessionRow = {
          ...earlier,
          id: newId('sup', now),
          policy_version: policyVersion,
          reason: 'withdrawn',
          actor: 'account',
          actor_account_id: caller.accountId,
          withdraws_id: earlier.id,
          created_at: timestamp(now),
        };
        await metadata.write(withdrawSupersessionTransaction, {
          incidentId: incident.id,
          withdrawsId: earlier.id,
          row,
          audit: entry(caller, incident, group.id, 'supersession.withdraw', now),
        });
        return reply.json(201, { supersession: supersessionJson(row) });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'List supersessions',
      tag,
      access: 'account',
      limit: 'incident_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of them, oldest first, with those that were taken back',
          json: z.object({ supersessions: z.array(supersessionShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['incident_not_found', 'capture_group_not_found', 'invalid_cursor'],
      handle: async ({ caller, query, param }) => {
        const { group } = await groupFor(caller, param);
        const found = await supersessionsOf(metadata.read, group.id, query.limit + 1, decodeCursor(query.cursor));
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { supersessions: rows.map(supersessionJson), ...next });
      },
    }),
  ];
}

function entry(caller: Caller, incident: IncidentRow, groupId: string, action: string, nowMs: number) {
  return auditEntry(
    {
      actor: 'account',
      actorAccountId: caller.accountId,
      ...(incident.owner_account_id === null ? {} : { ownerAccountId: incident.owner_account_id }),
      action,
      subjectType: 'capture_group',
      subjectId: groupId,
    },
    nowMs,
  );
}
