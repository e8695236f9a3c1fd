import {
  type IncidentRow,
  incidentBundle,
  incidentOfViewerToken,
  sendBundle,
  streamBundle,
} from '#features/incidents/index.ts';
import { staticFiles } from '#http/pages/static-files.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import type { Problem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { viewerTimelines } from './captures/capture-data.ts';
import { captureViewRoutes } from './captures/captures.routes.ts';
import { KeptTimelines } from './captures/kept-timelines.ts';
import { noticePage } from './frame.pages.ts';
import { sharedGroupRoutes } from './shared-groups.routes.ts';
import { incidentPage } from './viewer.pages.ts';
import { viewerData, viewerDataShape } from './viewer-data.ts';

const shared = (name: string) => new URL(`../../http/pages/${name}`, import.meta.url);
const own = (name: string) => new URL(`./assets/${name}`, import.meta.url);

/** The public, read-only pages of one incident, for who has its link. Nothing but GET exists here. */
export function viewerRoutes(deps: { metadata: Metadata; blobs: BlobStore }, { url }: { url: string }): Route[] {
  const policy = url === '' ? {} : { 'Content-Security-Policy': policyWith(url) };
  const files = staticFiles('/static', {
    'viewer.css': [shared('base.css'), own('viewer.css'), own('captures.css')],
    'viewer.js': [own('viewer.js')],
    'draw.js': [own('draw.js')],
    'draw-captures.js': [own('draw-captures.js')],
    'follow-captures.js': [own('follow-captures.js')],
    'happening.js': [own('happening.js')],
    'event-stream.js': [own('event-stream.js')],
    'follow-relay.js': [own('follow-relay.js')],
    'live-parts.js': [own('live-parts.js')],
    'live-streams.js': [own('live-streams.js')],
    'live-rows.js': [own('live-rows.js')],
    'row-words.js': [own('row-words.js')],
    'segments.js': [own('segments.js')],
    'times.js': [own('times.js')],
    'timeline-words.js': [own('timeline-words.js')],
    'tell.js': [shared('tell.js')],
    'icon.svg': [shared('icon.svg')],
  });
  const timelines = new KeptTimelines();
  const incidentOf = (token: string): Promise<IncidentRow> => incidentOfViewerToken(deps.metadata.read, token);
  const refusal = async (problem: Problem, headers: Record<string, string>) =>
    reply.page(statusOf(problem.kind), await noticePage(files, noticeFor(problem)), {
      ...reply.retryHeader(problem),
      ...headers,
    });

  // `/e/` is how older recorders wrote the same link.
  const one = (prefix: '/i' | '/e', isAlias: boolean): Route[] => [
    route({
      method: 'GET',
      path: `${prefix}/:token`,
      summary: 'The page of an incident, for who has its link',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_page',
      responses: { 200: { description: 'A page that keeps itself up to date', mediaType: 'text/html' } },
      errors: ['incident_token_invalid'],
      hidden: true,
      refusal,
      handle: async ({ param }) => {
        const token = param('token');
        const incident = await incidentOf(token);
        const now = Date.now();
        const data = await viewerData(deps.metadata.read, incident, now);
        const shown = await viewerTimelines({ read: deps.metadata.read, timelines }, data.capture_groups);
        return reply.page(200, await incidentPage(files, token, data, shown, url, now), policy);
      },
    }),
    route({
      method: 'GET',
      path: `${prefix}/:token/data`,
      summary: 'What the page shows, as JSON',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_data',
      responses: { 200: { description: 'The incident as its viewers see it', json: viewerDataShape } },
      errors: ['incident_token_invalid'],
      hidden: isAlias,
      handle: async ({ param }) => {
        const incident = await incidentOf(param('token'));
        return reply.json(200, await viewerData(deps.metadata.read, incident, Date.now()));
      },
    }),
    route({
      method: 'GET',
      path: `${prefix}/:token/streams/:stream_id/download`,
      summary: 'Download a complete stream',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_download',
      responses: { 200: { description: 'A ZIP archive of stored entries', mediaType: 'application/zip' } },
      errors: [
        'incident_token_invalid',
        'stream_not_found',
        'stream_not_complete',
        'incident_bundle_inconsistent',
        'storage_unavailable',
      ],
      hidden: isAlias,
      handle: async ({ c, param }) => {
        const incident = await incidentOf(param('token'));
        return await sendBundle(c, await streamBundle(deps, incident, param('stream_id')));
      },
    }),
    route({
      method: 'GET',
      path: `${prefix}/:token/incident/download`,
      summary: 'Download all complete streams of the incident',
      tag: 'Viewer',
      access: 'anyone',
      limit: 'viewer_download',
      responses: { 200: { description: 'A ZIP archive of stored entries', mediaType: 'application/zip' } },
      errors: ['incident_token_invalid', 'incident_bundle_inconsistent', 'storage_unavailable'],
      hidden: isAlias,
      handle: async ({ c, param }) => {
        const incident = await incidentOf(param('token'));
        return await sendBundle(c, await incidentBundle(deps, incident));
      },
    }),
    ...sharedGroupRoutes(deps, prefix, isAlias),
    ...captureViewRoutes({ read: deps.metadata.read, timelines, files, incidentOf, refusal }, prefix, isAlias),
  ];
  return [...one('/i', false), ...one('/e', true), ...files.routes];
}

/** Scripts of the page may also ask the relay that this server gives out. */
function policyWith(relayUrl: string): string {
  return reply.pagePolicy.replace("connect-src 'self'", `connect-src 'self' ${relayUrl}`);
}

function noticeFor(problem: Problem): { title: string; paragraphs: string[] } {
  if (problem.kind === 'not_found')
    return {
      title: 'This link does not work',
      paragraphs: [
        'It may have expired or been withdrawn, or a part of the address got lost on the way to you.',
        'Check that you opened the whole address. If you did, ask the person who sent it for a new link.',
      ],
    };
  if (problem.kind === 'rate_limited')
    return {
      title: 'Too many visits at once',
      paragraphs: [
        `This page was asked for too often from your network. Wait ${problem.retryAfterSeconds ?? 60} seconds, then reload it.`,
        'The recording itself is not affected.',
      ],
    };
  return {
    title: 'The page cannot be shown right now',
    paragraphs: [
      'Something on the server is in the way. Wait a moment, then reload the page.',
      'It does not mean that the recording has stopped.',
    ],
  };
}
