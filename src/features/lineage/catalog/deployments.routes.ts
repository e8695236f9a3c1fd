import { z } from 'zod';
import { json, securityHeaders } from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { asCaller, requireScope } from '../authorise.ts';
import { immutableResponses, sendImmutable } from '../queries/send-record.ts';
import { isRunId, normalName, type ServiceKey, serviceKey } from '../record/names.ts';
import { scanJsonObject } from '../record/scan-json.ts';
import type { CatalogDeps } from './catalog-deps.ts';
import { isDocumentId } from './catalog-keys.ts';
import { readDeploymentRequest } from './deployment-request.ts';
import { type DeploymentFilter, Deployments } from './deployments.ts';

const maxDeploymentBytes = 64 * 1024;

const text = (what: string) => z.string().max(256).optional().describe(what);
const listQuery = z.object({
  organization: text('Of this organization alone'),
  project: text('Of this project alone'),
  service: text('Of this service alone'),
  environment: text('Into this environment alone'),
  from: text('A day, or an RFC 3339 time; by arrival, UTC'),
  to: text('The same; belongs to the range'),
  cursor: z.string().max(400).optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('Items on a page'),
});
const listWithFlowQuery = listQuery.extend({ flow: text('By this flow alone') });
type Listing = z.output<typeof listWithFlowQuery>;

const acceptedShape = z.object({
  accepted: z.literal(true),
  deployment_id: z.string(),
  location: z.string().describe('Where the record can be read'),
  replayed: z.literal(true).optional().describe('The deployment was here before'),
});
const deploymentShape = z.object({
  deployment_id: z.string(),
  organization: z.string(),
  project: z.string(),
  service: z.string(),
  environment: z.string(),
  version: z.string(),
  run_id: z.string().optional(),
  artifact: z.string().optional(),
  flow: z.string().optional(),
  deployed_at: z.string().optional().describe('RFC 3339, by the clock of the deployer'),
  received_at: z.string().describe('RFC 3339, UTC'),
  metadata: z.record(z.string(), z.string()).optional(),
});
const pageShape = z.object({ deployments: z.array(deploymentShape), next_cursor: z.string().optional() });
const common: readonly ErrorCode[] = [
  'authentication_required',
  'forbidden',
  'identity_unavailable',
  'rate_limited',
  'storage_unavailable',
];
const listErrors: readonly ErrorCode[] = [...common, 'invalid_cursor', 'invalid_request', 'evidence_corrupt'];

export function deploymentRoutes(deps: CatalogDeps): Route[] {
  const deployments = new Deployments(deps.objects, deps.prefix);
  const list = (c: HttpContext, { cursor, limit, ...asked }: Listing) =>
    asCaller({ deps, c, action: 'read' }, async (caller, act) => {
      const filter = normalFilter(asked);
      const { organization, project, service } = filter;
      const where = given({ organization, project, service });
      Object.assign(act, where);
      requireScope(caller, 'read', where);
      const page = await deployments.list(filter, { cursor, limit }, (entry) => caller.may('read', entry));
      const records = await Promise.all(page.items.map((entry) => recordOf(deployments, entry.deployment_id)));
      const next = page.next_cursor === undefined ? '' : `,"next_cursor":${JSON.stringify(page.next_cursor)}`;
      // Put together as text: records are shown as they were kept.
      return new Response(`{"deployments":[${records.join(',')}]${next}}`, {
        headers: {
          ...securityHeaders,
          'Content-Type': 'application/json; charset=utf-8',
          'Cache-Control': 'no-store',
        },
      });
    });

  return [
    route({
      method: 'POST',
      path: '/v1/deployments',
      summary: 'Keep the record of a deployment',
      description:
        'One immutable record for each `deployment_id`, which is unique on this server. The same may be sent again at any time: it is kept once.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_ingest',
      body: {
        mediaType: 'application/json',
        description: 'At most 64 KiB. Names are brought into their normal form.',
        fields: {
          organization: 'Required',
          project: 'Required',
          service: 'Required',
          environment: 'Required; a name as the three above',
          version: 'Required. Of the service, 1 to 128 characters',
          run_id: 'The run that made it. This or artifact is required; the run need not have arrived yet',
          artifact: 'What was deployed: a digest or a reference, at most 512 characters',
          flow: 'The id of the flow that deployed it',
          deployed_at: 'RFC 3339, by the clock of the deployer',
          deployment_id: 'Made here if absent',
          metadata: 'An object whose values are text',
        },
      },
      responses: {
        201: { description: 'Kept', json: acceptedShape },
        200: { description: 'Was kept before', json: acceptedShape },
      },
      errors: [
        ...common,
        'invalid_json',
        'invalid_request',
        'invalid_name',
        'invalid_run_id',
        'request_too_large',
        'deployment_conflict',
        'storage_full',
        'evidence_corrupt',
      ],
      handle: ({ body, c }) =>
        asCaller({ deps, c, action: 'ingest' }, async (caller, act) => {
          requireScope(caller, 'ingest', {});
          const request = readDeploymentRequest(await body(maxDeploymentBytes), () => newId('dep'));
          const { deployment_id, organization, project, service } = request;
          Object.assign(act, { organization, project, service, deployment_id });
          requireScope(caller, 'ingest', request);
          const { outcome } = await deployments.put(request, timestamp(deps.clock()));
          if (outcome === 'conflict') throw new Problem('deployment_conflict');
          act.outcome = outcome;
          const location = `/v1/deployments/${deployment_id}`;
          return json(
            outcome === 'created' ? 201 : 200,
            { accepted: true, deployment_id, location, ...(outcome === 'created' ? {} : { replayed: true }) },
            { Location: location },
          );
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/deployments',
      summary: 'List deployments, newest first',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: listWithFlowQuery,
      responses: { 200: { description: 'In order of arrival, those that the caller may read', json: pageShape } },
      errors: listErrors,
      handle: ({ c, query }) => list(c, query),
    }),
    route({
      method: 'GET',
      path: '/v1/deployments/:deployment_id',
      summary: 'The record of one deployment',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      responses: immutableResponses,
      errors: [...common, 'deployment_not_found', 'evidence_corrupt'],
      handle: ({ c, param }) =>
        asCaller({ deps, c, action: 'read' }, async (caller, act) => {
          requireScope(caller, 'read', {});
          const id = param('deployment_id');
          const found = isRunId(id) ? await deployments.read(id) : undefined;
          if (found === undefined) throw new Problem('deployment_not_found');
          const key = keyOf(found.payload);
          Object.assign(act, key, { deployment_id: id });
          // Whether somebody else has the id is not this caller's to know.
          if (!caller.may('read', key)) throw new Problem('deployment_not_found');
          return sendImmutable(c, {
            bytes: found.payload,
            sha256: found.seal.sha256,
            forever: true,
            headers: { 'Last-Modified': new Date(found.seal.received_at).toUTCString() },
          });
        }),
    }),
    route({
      method: 'GET',
      path: '/v1/flows/:id/deployments',
      summary: 'List the deployments by a flow, newest first',
      description: 'Also of a flow that is in no catalogue.',
      tag: 'Lineage',
      access: 'anyone',
      limit: 'lineage_read',
      query: listQuery,
      responses: { 200: { description: 'In order of arrival, those that the caller may read', json: pageShape } },
      errors: listErrors,
      handle: ({ c, param, query }) => list(c, { ...query, flow: param('id') }),
    }),
  ];
}

/** Throws invalid_request for what can name nothing. */
function normalFilter({ flow, from, to, ...names }: Omit<Listing, 'cursor' | 'limit'>): DeploymentFilter {
  if (flow !== undefined && !isDocumentId(flow))
    throw new Problem('invalid_request', { message: 'flow: must be the id of a flow' });
  const normal = Object.entries(names).flatMap(([field, text]) => {
    if (text === undefined) return [];
    const name = normalName(text);
    if (name === undefined) throw new Problem('invalid_request', { message: `${field}: is no name` });
    return [[field, name] as const];
  });
  return { ...Object.fromEntries(normal), flow, from, to };
}

function given(names: { [Name in keyof ServiceKey]?: string | undefined }): Partial<ServiceKey> {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== undefined));
}

async function recordOf(deployments: Deployments, deploymentId: string): Promise<string> {
  const found = await deployments.read(deploymentId);
  // A listed one was kept before it was listed.
  if (found === undefined) throw new Problem('evidence_corrupt');
  return new TextDecoder().decode(found.payload);
}

function keyOf(record: Uint8Array): ServiceKey {
  const { members } = scanJsonObject(record);
  const name = (field: string) => String(JSON.parse(members.get(field) ?? '""'));
  return serviceKey({ organization: name('organization'), project: name('project'), service: name('service') });
}
