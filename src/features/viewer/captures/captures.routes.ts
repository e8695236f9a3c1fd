import { z } from 'zod';
import {
  type IncidentRow,
  resolutionShape,
  resolutionText,
  resolveGroup,
  streamsOf,
  supersessionsOf,
  withdrawnAmong,
} from '#features/incidents/index.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import type { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import { viewerGroup, viewerTimeline } from './capture-data.ts';
import type { KeptTimelines } from './kept-timelines.ts';
import { segmentsPage } from './segments.pages.ts';
import { viewerTimelineShape } from './timeline-data.ts';

interface Deps {
  read: Db;
  timelines: KeptTimelines;
  files: StaticFiles;
  incidentOf: (token: string) => Promise<IncidentRow>;
  refusal: (problem: Problem, headers: Record<string, string>) => Promise<Response>;
}

const decisionsShown = 50;

/** What a link shows of capture groups. The link is judged before the group, as everywhere. */
export function captureViewRoutes(deps: Deps, prefix: '/i' | '/e', isAlias: boolean): Route[] {
  const { read } = deps;
  const path = `${prefix}/:token/capture-groups/:capture_group_id`;
  const groupOf = async (param: (name: string) => string) => {
    const incident = await deps.incidentOf(param('token'));
    return { incident, group: await viewerGroup(read, incident.id, param('capture_group_id')) };
  };
  return [
    route({
      method: 'GET',
      path,
      summary: 'The page of every segment of a capture group',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_page',
      query: z.object({ page: z.coerce.number().int().min(1).max(1_000_000).default(1) }),
      responses: { 200: { description: 'A page', mediaType: 'text/html' } },
      errors: ['incident_token_invalid', 'capture_group_not_found', 'capture_group_too_large'],
      hidden: true,
      refusal: deps.refusal,
      handle: async ({ param, query }) => {
        const { incident, group } = await groupOf(param);
        const [timeline, resolution, streams, decisions] = [
          await viewerTimeline(deps, group),
          await resolveGroup(read, group.id),
          await streamsOf(read, incident.id),
          await supersessionsOf(read, group.id, decisionsShown),
        ];
        const takenBack = await withdrawnAmong(
          read,
          decisions.map(({ id }) => id),
        );
        const view = { group, timeline, resolution, streams, decisions, takenBack, page: query.page };
        const open = incident.status === 'open';
        return reply.page(200, await segmentsPage(deps.files, param('token'), view, open, Date.now()));
      },
    }),
    route({
      method: 'GET',
      path: `${path}/timeline`,
      summary: 'What is confirmed of a capture group, in ranges',
      description:
        'What the page shows. A look every few seconds is meant to be cheap: it may be older than the last part.',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_data',
      responses: { 200: { description: 'The timeline', json: viewerTimelineShape } },
      errors: ['incident_token_invalid', 'capture_group_not_found', 'capture_group_too_large'],
      hidden: isAlias,
      handle: async ({ param }) => {
        const { group } = await groupOf(param);
        return reply.json(200, await viewerTimeline(deps, group));
      },
    }),
    route({
      method: 'GET',
      path: `${path}/resolution`,
      summary: 'The best confirmed evidence of every source segment',
      description: 'As the owner of the incident gets it.',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_download',
      responses: { 200: { description: 'The same for the same chunks', json: resolutionShape } },
      errors: ['incident_token_invalid', 'capture_group_not_found', 'capture_group_too_large'],
      hidden: isAlias,
      handle: async ({ param }) => {
        const { group } = await groupOf(param);
        return reply.jsonText(200, await resolutionText(await resolveGroup(read, group.id)));
      },
    }),
  ];
}
