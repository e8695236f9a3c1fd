import { z } from 'zod';
import { json } from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { asCaller, requireScope } from '../authorise.ts';
import { runPath } from '../lineage.json.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { readRunRequest } from '../record/run-request.ts';

export interface IngestRules {
  /** What becomes of other content under a run id that is taken: refused, or dropped in favour of the first. */
  collisionPolicy: 'reject' | 'noop';
  maxBodyBytes: number;
}

const acceptedShape = z.object({
  accepted: z.literal(true),
  run_id: z.string(),
  location: z.string().describe('Where the record can be read'),
  replayed: z.literal(true).optional().describe('The run was here before'),
  kept: z.literal('first').optional().describe('Its content differs from what was sent, which was dropped'),
});

export function ingestRoutes(deps: LineageDeps, rules: IngestRules): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/artifacts',
      summary: 'Keep the record of a run',
      description:
        'One immutable record for each `run_id` of a service. The same run may be sent again at any time: it is kept once. Answers when the record is durable.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_ingest',
      body: {
        mediaType: 'application/json',
        description: 'The envelope. Names are brought into their normal form; the JSON values are kept as they came.',
        fields: {
          organization: 'Required',
          project: 'Required',
          service: 'Required',
          artifact: 'Required. Any JSON value but null',
          run_id: 'Unique within the service; made here if absent',
          commit_sha: 'The commit that was built',
          generated_at: 'RFC 3339, by the clock of the CI',
          diff: 'What changed, as JSON. Its `impact` may be self_only, downstream or unknown',
          summary: 'JSON. Its `impact` goes before that of `diff`',
          metadata: 'An object whose values are text',
        },
      },
      responses: {
        202: { description: 'Kept', json: acceptedShape },
        200: { description: 'Was kept before', json: acceptedShape },
      },
      errors: [
        'authentication_required',
        'forbidden',
        'identity_unavailable',
        'invalid_json',
        'invalid_request',
        'invalid_name',
        'invalid_run_id',
        'request_too_large',
        'run_conflict',
        'rate_limited',
        'storage_unavailable',
        'storage_full',
        'evidence_corrupt',
      ],
      handle: ({ body, c }) =>
        asCaller({ deps, c, action: 'ingest' }, async (caller, act) => {
          if (!caller.may('ingest', {})) throw new Problem('forbidden');
          const request = readRunRequest(await body(rules.maxBodyBytes));
          const run = { ...request, run_id: request.run_id ?? newId('run') };
          const { organization, project, run_id, service } = run;
          Object.assign(act, { organization, project, service, run_id });
          requireScope(caller, 'ingest', run);
          const put = await deps.store.put(run, timestamp(deps.clock()));
          if (put.outcome === 'conflict' && rules.collisionPolicy === 'reject') throw new Problem('run_conflict');
          act.outcome = put.outcome === 'conflict' ? 'kept_first' : put.outcome;
          const location = runPath(run, run_id);
          return json(
            put.outcome === 'created' ? 202 : 200,
            {
              accepted: true,
              run_id,
              location,
              ...(put.outcome === 'created' ? {} : { replayed: true }),
              ...(put.outcome === 'conflict' ? { kept: 'first' } : {}),
            },
            { Location: location },
          );
        }),
    }),
  ];
}
