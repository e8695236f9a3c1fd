import { z } from 'zod';
import { Problem } from '#kit/errors.ts';
import { normalName, type ServiceKey } from './record/names.ts';
import { impacts, type RunLine } from './record/run-line.ts';

export const runLineShape = z.object({
  run_id: z.string(),
  received_at: z.string().describe('RFC 3339, UTC'),
  commit_sha: z.string().optional(),
  impact: z.enum(impacts).describe('Whom its changes touch; none where it reports no changes'),
  bytes: z.number().int().describe('Size of the record'),
  sha256: z.string().describe('Of the record, lower-case hexadecimal'),
});

/** In one order of fields, wherever the line was read from. */
export function runLineJson({ bytes, commit_sha, impact, received_at, run_id, sha256 }: RunLine): RunLine {
  return { run_id, received_at, ...(commit_sha === undefined ? {} : { commit_sha }), impact, bytes, sha256 };
}

export const serviceShape = z.object({ organization: z.string(), project: z.string(), service: z.string() });

export function servicePath({ organization, project, service }: ServiceKey): string {
  return `/v1/lineage/${organization}/${project}/${service}`;
}

export function runPath(key: ServiceKey, runId: string): string {
  return `${servicePath(key)}/runs/${runId}`;
}

/** The service that a path names, in any spelling. Throws service_not_found. */
export function serviceOfPath(param: (name: string) => string): ServiceKey {
  const name = (field: string): string => {
    const normal = normalName(param(field));
    if (normal === undefined) throw new Problem('service_not_found');
    return normal;
  };
  return { organization: name('organization'), project: name('project'), service: name('service') };
}
