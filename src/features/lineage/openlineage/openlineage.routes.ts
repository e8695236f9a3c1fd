import { z } from 'zod';
import { json } from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import { asCaller, requireScope } from '../authorise.ts';
import { runPath } from '../lineage.json.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { scanJsonArray, scanJsonObject } from '../record/scan-json.ts';
import { decodedBody } from './decoded-body.ts';
import { keepBatch, keepEvent } from './keep-event.ts';

export interface OpenLineageRules {
  /** Whose the jobs are whose namespace names no organization. */
  organization: string;
  /** As it comes, and as it is unpacked. */
  maxBodyBytes: number;
  maxBatchEvents: number;
}

const keptShape = z.object({
  accepted: z.literal(true),
  run_id: z.string(),
  location: z.string().describe('Where the record can be read'),
  replayed: z.literal(true).optional().describe('The event was here before'),
});
const batchShape = z.object({
  status: z.enum(['success', 'partial_success', 'error']),
  summary: z.object({
    received: z.number().int(),
    successful: z.number().int(),
    failed: z.number().int(),
    retriable: z.number().int().describe('Of those that failed'),
  }),
  failed_events: z.array(
    z.object({ index: z.number().int().describe('From 0'), reason: z.string(), retriable: z.boolean() }),
  ),
});
const errors: readonly ErrorCode[] = [
  'authentication_required',
  'forbidden',
  'identity_unavailable',
  'invalid_json',
  'invalid_request',
  'request_too_large',
  'rate_limited',
];
const headers = { 'Content-Encoding': { description: 'gzip, or absent' } };

export function openLineageRoutes(deps: LineageDeps, rules: OpenLineageRules): Route[] {
  const { maxBatchEvents, maxBodyBytes, organization } = rules;
  const read = async (c: HttpContext, body: (maxBytes: number) => Promise<Uint8Array<ArrayBuffer>>) =>
    await decodedBody(await body(maxBodyBytes), c.req.header('content-encoding'), maxBodyBytes);

  return [
    route({
      method: 'POST',
      path: '/api/v1/lineage',
      summary: 'Keep an OpenLineage event',
      description:
        'A run event, or one of static lineage: a job event or a dataset event. Each is one immutable record among the runs of its job: `organization/project` as the namespace names both, any other namespace is a project of the default organization, the name of the job is the service. A dataset event is filed under the namespace and name of its dataset. The same event again is kept once.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_ingest',
      headers,
      body: { mediaType: 'application/json', description: 'One event, kept as it came' },
      responses: {
        201: { description: 'Kept', json: keptShape },
        200: { description: 'Was kept before', json: keptShape },
      },
      errors: [...errors, 'run_conflict', 'storage_unavailable', 'storage_full', 'evidence_corrupt'],
      handle: ({ body, c }) =>
        asCaller({ deps, c, action: 'ingest' }, async (caller, act) => {
          requireScope(caller, 'ingest', {});
          // It will stand inside of a record, one level deeper than it came.
          const { text } = scanJsonObject(await read(c, body), 2);
          const kept = await keepEvent(deps, { caller, organization, text: text.trim() }, act);
          act.outcome = kept.outcome;
          const location = runPath(kept, kept.run_id);
          const created = kept.outcome === 'created';
          return json(
            created ? 201 : 200,
            { accepted: true, run_id: kept.run_id, location, ...(created ? {} : { replayed: true }) },
            { Location: location },
          );
        }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/lineage/batch',
      summary: 'Keep a batch of OpenLineage events',
      description:
        'Each event for itself. What is no JSON array is refused whole. Where every event failed the status is 503 if any may be sent again, else 400.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_ingest',
      headers,
      body: { mediaType: 'application/json', description: 'An array of events' },
      responses: {
        200: { description: 'All are kept', json: batchShape },
        207: { description: 'Some are kept, the others are listed', json: batchShape },
        400: { description: 'None is kept', json: batchShape },
        503: { description: 'None is kept; some may be later', json: batchShape },
      },
      errors,
      handle: ({ body, c }) =>
        asCaller({ deps, c, action: 'ingest' }, async (caller, act) => {
          requireScope(caller, 'ingest', {});
          const texts = scanJsonArray(await read(c, body));
          if (texts.length > maxBatchEvents)
            throw new Problem('request_too_large', { message: `A batch has at most ${maxBatchEvents} events.` });
          const answer = await keepBatch(deps, { texts, caller, organization }, (draft, outcome) =>
            deps.audit({ action: 'ingest', subject: caller.subject, outcome, ...draft }),
          );
          act.outcome = answer.status;
          const nothingKept = answer.summary.retriable > 0 ? 503 : 400;
          const statuses = { success: 200, partial_success: 207, error: nothingKept };
          return json(statuses[answer.status], answer);
        }),
    }),
  ];
}
