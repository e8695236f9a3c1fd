import { z } from 'zod';
import { optionalText } from '#http/check.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sourceName } from '../chunks/chunk-source.ts';
import { assertNotDeleting, incidentFor } from '../incident-access.ts';
import { captureGroupJson, captureGroupShape, resolutionShape, resolutionText } from './captures.json.ts';
import { type CaptureGroupRow, captureGroupOf, captureGroupsOf } from './captures.store.ts';
import { createCaptureGroupTransaction } from './captures.transactions.ts';
import { resolveGroup } from './resolve-group.ts';
import { supersessionRoutes } from './supersessions/supersessions.routes.ts';

const one = z.object({ capture_group: captureGroupShape });
const name = z.string().regex(sourceName, '1 to 128 letters, digits, dots, colons, underscores or hyphens');

export function captureRoutes(deps: { metadata: Metadata; blobs: BlobStore }): Route[] {
  const { metadata } = deps;
  const tag = 'Captures';
  return [
    route({
      method: 'POST',
      path: '/v1/incidents/:incident_id/capture-groups',
      summary: 'Begin a capture group',
      description: 'It owns the timeline of one source; streams that name it are variants of the same moments.',
      tag,
      access: 'account',
      limit: 'stream',
      json: z.strictObject({
        capture_source_id: name,
        source_clock_id: name.optional(),
        source_timeline_hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
          .optional(),
        label: optionalText(200),
      }),
      responses: { 201: { description: 'Begun', json: one } },
      errors: ['incident_not_found', 'incident_closed', 'incident_deleting'],
      handle: async ({ caller, json, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const now = Date.now();
        const group: CaptureGroupRow = {
          id: newId('cgr', now),
          incident_id: incident.id,
          capture_source_id: json.capture_source_id,
          source_clock_id: json.source_clock_id ?? null,
          source_timeline_hash: json.source_timeline_hash ?? null,
          label: json.label ?? null,
          created_at: timestamp(now),
          look_at: null,
        };
        await metadata.write(createCaptureGroupTransaction, group);
        return reply.json(201, { capture_group: captureGroupJson(group) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/capture-groups',
      summary: 'List capture groups',
      tag,
      access: 'account',
      limit: 'incident_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of them, newest first',
          json: z.object({ capture_groups: z.array(captureGroupShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['incident_not_found', 'invalid_cursor'],
      handle: async ({ caller, query, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const before = decodeCursor(query.cursor);
        const found = await captureGroupsOf(metadata.read, incident.id, query.limit + 1, before);
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { capture_groups: rows.map(captureGroupJson), ...next });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/capture-groups/:capture_group_id',
      summary: 'One capture group',
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: { 200: { description: 'The group', json: one } },
      errors: ['incident_not_found', 'capture_group_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        const group = await captureGroupOf(metadata.read, incident.id, param('capture_group_id'));
        return reply.json(200, { capture_group: captureGroupJson(group) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/incidents/:incident_id/capture-groups/:capture_group_id/resolution',
      summary: 'The best confirmed evidence of every source segment',
      description:
        'Chosen from all accepted chunks, also those of open and failed streams. Nothing is removed by it: what is superseded stays where it is.',
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: { 200: { description: 'The same for the same chunks', json: resolutionShape } },
      errors: ['incident_not_found', 'incident_deleting', 'capture_group_not_found', 'capture_group_too_large'],
      handle: async ({ caller, param }) => {
        const incident = await incidentFor(metadata.read, caller, param('incident_id'));
        assertNotDeleting(incident);
        const group = await captureGroupOf(metadata.read, incident.id, param('capture_group_id'));
        const resolution = await metadata.snapshot((db) => resolveGroup(db, group.id));
        return reply.jsonText(200, await resolutionText(resolution));
      },
    }),
    ...supersessionRoutes(deps),
  ];
}
