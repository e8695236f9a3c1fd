import { z } from 'zod';
import { json, securityHeaders } from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import { asCaller, requireScope } from '../authorise.ts';
import { runLineJson, runLineShape, runPath, serviceOfPath, serviceShape } from '../lineage.json.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { isRunId, type ServiceKey } from '../record/names.ts';
import { impacts } from '../record/run-line.ts';
import { commitPattern } from '../record/run-request.ts';
import { listRuns } from './list-runs.ts';
import { listServices } from './list-services.ts';
import { changesOf, replayDiffs } from './replay-diffs.ts';
import { immutableResponses, recordHeaders, sendImmutable } from './send-record.ts';

const moment = (what: string) => z.string().max(40).optional().describe(what);
const rangeQuery = z.object({
  from: moment('A day, or an RFC 3339 time; by arrival, UTC'),
  to: moment('The same; belongs to the range'),
});
const pageQuery = z.object({
  cursor: z.string().max(400).optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Items on a page'),
});
const runsQuery = rangeQuery.extend(pageQuery.shape).extend({
  commit: z.string().regex(commitPattern).optional().describe('Runs of this commit alone'),
});
const changesQuery = rangeQuery.extend({
  cursor: pageQuery.shape.cursor,
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Items on a page'),
  impact: z.enum(impacts).exclude(['none']).optional().describe('Changes with this impact alone'),
});

const common: readonly ErrorCode[] = [
  'authentication_required',
  'forbidden',
  'identity_unavailable',
  'rate_limited',
  'storage_unavailable',
];
const serviceRoot = '/v1/lineage/:organization/:project/:service';

export function queryRoutes(deps: LineageDeps): Route[] {
  const { store } = deps;
  /** Reads within one service, whose names may come in any spelling. */
  const ofService = (
    { c, param }: { c: HttpContext; param: (name: string) => string },
    answer: (key: ServiceKey) => Promise<Response>,
  ) =>
    asCaller({ deps, c, action: 'read' }, async (caller, act) => {
      const key = serviceOfPath(param);
      Object.assign(act, key);
      requireScope(caller, 'read', key);
      return await answer(key);
    });

  return [
    route({
      method: 'GET',
      path: '/v1/lineage',
      summary: 'List the services that the caller may read, each with its latest run',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'In order of their names',
          json: z.object({
            services: z.array(serviceShape.extend({ latest: runLineShape.optional() })),
            next_cursor: z.string().optional(),
          }),
        },
      },
      errors: [...common, 'invalid_cursor', 'invalid_request'],
      handle: ({ c, query }) =>
        asCaller({ deps, c, action: 'read' }, async (caller) => {
          requireScope(caller, 'read', {});
          const { services, ...rest } = await listServices(store, caller, query);
          const shown = services.map(({ latest, ...key }) =>
            latest === undefined ? key : { ...key, latest: runLineJson(latest) },
          );
          return json(200, { services: shown, ...rest });
        }),
    }),
    route({
      method: 'GET',
      path: `${serviceRoot}/latest`,
      summary: 'The record of the latest run',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      responses: {
        200: {
          description: 'The exact bytes that were kept',
          mediaType: 'application/json',
          headers: { ETag: 'SHA-256 of the record', 'Content-Location': 'Where this record stays' },
        },
        304: { description: 'The latest run is the one that the caller has' },
      },
      errors: [...common, 'service_not_found', 'evidence_corrupt'],
      handle: ({ c, param }) =>
        ofService({ c, param }, async (key) => {
          const line = await store.latest(key);
          if (line === undefined) throw new Problem('service_not_found');
          const kept = await store.read(key, line.run_id);
          if (kept === undefined) throw new Problem('evidence_corrupt');
          return sendImmutable(c, {
            bytes: kept.payload,
            sha256: kept.line.sha256,
            forever: false,
            headers: { ...recordHeaders(kept.line), 'Content-Location': runPath(key, line.run_id) },
          });
        }),
    }),
    route({
      method: 'GET',
      path: `${serviceRoot}/runs`,
      summary: 'List runs, newest first',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: runsQuery,
      responses: {
        200: {
          description: 'In order of arrival, newest first',
          json: z.object({ runs: z.array(runLineShape), next_cursor: z.string().optional() }),
        },
      },
      errors: [...common, 'invalid_cursor', 'invalid_request'],
      handle: ({ c, param, query }) =>
        ofService({ c, param }, async (key) => {
          const { runs, ...rest } = await listRuns(store, key, query);
          return json(200, { runs: runs.map(runLineJson), ...rest });
        }),
    }),
    route({
      method: 'GET',
      path: `${serviceRoot}/runs/:run_id`,
      summary: 'The record of one run',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      responses: immutableResponses,
      errors: [...common, 'run_not_found', 'evidence_corrupt'],
      handle: ({ c, param }) =>
        ofService({ c, param }, async (key) => {
          const runId = param('run_id');
          const kept = isRunId(runId) ? await store.read(key, runId) : undefined;
          if (kept === undefined) throw new Problem('run_not_found');
          const { line, payload } = kept;
          return sendImmutable(c, { bytes: payload, sha256: line.sha256, forever: true, headers: recordHeaders(line) });
        }),
    }),
    route({
      method: 'GET',
      path: `${serviceRoot}/diffs`,
      summary: 'Replay the changes, oldest first',
      description: 'Runs without changes are left out. A stream that ends early is broken off, never closed well.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: rangeQuery,
      responses: { 200: { description: 'One line of JSON each', mediaType: 'application/x-ndjson' } },
      errors: [...common, 'invalid_request', 'evidence_corrupt'],
      handle: ({ c, param, query }) =>
        ofService({ c, param }, async (key) => {
          const lines = replayDiffs(store, key, query);
          // What is wrong with the question is said in place of the first line.
          const first = await lines.next();
          return new Response(streamOf(first, lines), {
            headers: { ...securityHeaders, 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' },
          });
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/changes/:organization/:project/:service',
      summary: 'Runs that changed something, newest first, with what changed',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: changesQuery,
      responses: {
        200: {
          description: 'In order of arrival, newest first',
          json: z.object({
            changes: z.array(
              runLineShape
                .pick({ run_id: true, received_at: true, commit_sha: true, impact: true })
                .extend({ diff: z.unknown(), summary: z.unknown().optional() }),
            ),
            next_cursor: z.string().optional(),
          }),
        },
      },
      errors: [...common, 'invalid_cursor', 'invalid_request', 'evidence_corrupt'],
      handle: ({ c, param, query: { impact, ...query } }) =>
        ofService({ c, param }, async (key) => {
          const impactsAsked = impact === undefined ? (['self_only', 'downstream', 'unknown'] as const) : [impact];
          const page = await listRuns(store, key, { ...query, impact: impactsAsked });
          const changes = await Promise.all(page.runs.map((line) => changesOf(store, key, line)));
          const next = page.next_cursor === undefined ? '' : `,"next_cursor":${JSON.stringify(page.next_cursor)}`;
          // Put together as text: the values of a record keep the spelling of their numbers.
          return new Response(`{"changes":[${changes.join(',')}]${next}}`, {
            headers: {
              ...securityHeaders,
              'Content-Type': 'application/json; charset=utf-8',
              'Cache-Control': 'no-store',
            },
          });
        }),
    }),
  ];
}

function streamOf(first: IteratorResult<string>, rest: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: IteratorResult<string> | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = next ?? (await rest.next());
      next = undefined;
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await rest.return(undefined);
    },
  });
}
