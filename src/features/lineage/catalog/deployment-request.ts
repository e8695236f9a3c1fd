import { Problem } from '#kit/errors.ts';
import { parseTimestamp, type Timestamp } from '#kit/time.ts';
import { isRunId, normalName, type ServiceKey, serviceKey } from '../record/names.ts';
import { invalid, readRequestFields } from '../record/request-fields.ts';
import { withoutBlanks } from '../record/scan-json.ts';
import { sha256Hex } from '../record/seal-run.ts';
import { isDocumentId } from './catalog-keys.ts';
import { type Sealed, seal } from './sealed-object.ts';

/** What a pipeline posts when it has put something somewhere, checked. */
export interface DeploymentRequest extends ServiceKey {
  readonly deployment_id: string;
  readonly environment: string;
  readonly version: string;
  readonly run_id?: string;
  /** Of what was deployed, by the deployer's own naming: a digest, or an image reference. */
  readonly artifact?: string;
  readonly flow?: string;
  readonly deployed_at?: string;
  /** A JSON object as it came. */
  readonly metadata?: string;
}

const known = new Set([
  'organization',
  'project',
  'service',
  'environment',
  'version',
  'run_id',
  'artifact',
  'flow',
  'deployed_at',
  'deployment_id',
  'metadata',
]);

/** Throws invalid_json, or the code of the field that is wrong. A field that is null, or an empty text, counts as absent. */
export function readDeploymentRequest(body: Uint8Array, newDeploymentId: () => string): DeploymentRequest {
  const { text, textMap } = readRequestFields(body, known);
  const key = serviceKey({
    organization: text('organization', 256) ?? '',
    project: text('project', 256) ?? '',
    service: text('service', 256) ?? '',
  });
  const environment = normalName(text('environment', 256) ?? '');
  if (environment === undefined)
    throw invalid('environment: must have a letter or digit, and at most 64 characters in its normal form');
  const version = text('version', 128);
  if (version === undefined) throw invalid('version: is required');
  const [runId, artifact, flow] = [text('run_id', 128), text('artifact', 512), text('flow', 64)];
  if (runId === undefined && artifact === undefined) throw invalid('run_id: or artifact must say what was deployed');
  if (runId !== undefined && !isRunId(runId)) throw new Problem('invalid_run_id');
  if (flow !== undefined && !isDocumentId(flow)) throw invalid('flow: must be the id of a flow');
  const deployedAt = text('deployed_at', 64);
  if (deployedAt !== undefined && parseTimestamp(deployedAt) === undefined)
    throw invalid('deployed_at: must be an RFC 3339 time');
  const deploymentId = text('deployment_id', 128) ?? newDeploymentId();
  if (!isRunId(deploymentId))
    throw invalid(
      'deployment_id: must be 1 to 128 letters, digits, dots, hyphens or underscores, beginning with a letter or digit',
    );
  const metadata = textMap('metadata');
  return {
    ...key,
    deployment_id: deploymentId,
    environment,
    version,
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(flow === undefined ? {} : { flow }),
    ...(deployedAt === undefined ? {} : { deployed_at: deployedAt }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** The record of it: the request and `received_at`. The same request received at the same time makes the same bytes everywhere. */
export async function sealDeployment(request: DeploymentRequest, receivedAt: Timestamp): Promise<Sealed> {
  const content = recordOf(request, undefined, withoutBlanks);
  return await seal(
    recordOf(request, receivedAt, (raw) => raw),
    receivedAt,
    await sha256Hex(content),
  );
}

function recordOf(
  request: DeploymentRequest,
  receivedAt: Timestamp | undefined,
  shape: (raw: string) => string,
): Uint8Array<ArrayBuffer> {
  const { artifact, deployed_at, deployment_id, environment, flow, metadata, organization, project } = request;
  // Absent ones are left out by JSON.stringify; the order of the others is this one, always.
  const facts = JSON.stringify({
    deployment_id,
    organization,
    project,
    service: request.service,
    environment,
    version: request.version,
    run_id: request.run_id,
    artifact,
    flow,
    deployed_at,
    received_at: receivedAt,
  });
  const text = metadata === undefined ? facts : `${facts.slice(0, -1)},"metadata":${shape(metadata)}}`;
  return new TextEncoder().encode(text);
}
