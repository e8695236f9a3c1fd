import { toHex } from '#kit/bytes.ts';
import { parseTimestamp } from '#kit/time.ts';
import { sha256Hex } from '../../api/wire.ts';
import { type Infer, list, object, oneOf, optional, textWhere, whole } from '../../shape.ts';
import { impacts, type RunLine, type ServiceName } from '../lineage-wire.ts';

export const exportFormat = 'proofline-lineage-export-1';
export const manifestName = 'lineage.json';

const time = textWhere('an RFC 3339 time in UTC', (value) => parseTimestamp(value) === value);
/** Paths are made of these, so they are judged as strictly as the server does. */
const name = textWhere('a name in its normal form', (value) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value));
const runId = textWhere('a run id', (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(value));

const exportedRun = object({
  run_id: runId,
  received_at: time,
  commit_sha: optional(textWhere('a commit', (value) => value !== '')),
  impact: oneOf(...impacts),
  bytes: whole(0),
  sha256: sha256Hex,
  /** SHA-256 over the link of the run before and this line. */
  link: sha256Hex,
});
export type ExportedRun = Infer<typeof exportedRun>;

const exportedService = object({
  organization: name,
  project: name,
  service: name,
  run_count: whole(0),
  total_bytes: whole(0),
  /** The last link; that of the service's name where it has no runs. */
  chain: sha256Hex,
  /** In order of arrival. */
  runs: list(exportedRun),
});
export type ExportedService = Infer<typeof exportedService>;

/** Names that the export was narrowed down to. */
const scope = object({ organization: optional(name), project: optional(name), service: optional(name) });

export const exportManifest = object({
  format: oneOf(exportFormat),
  generated_at: time,
  scope,
  service_count: whole(0),
  run_count: whole(0),
  total_bytes: whole(0),
  /** SHA-256 over all services with their counts and chains: kept elsewhere, it shows that nothing of the export was made anew. */
  root: sha256Hex,
  /** In order of their names. */
  services: list(exportedService),
});
export type ExportManifest = Infer<typeof exportManifest>;

/** Where the record of a run lies in an export; the same as in the server's own store. */
export function recordPath(
  { organization, project, service }: ServiceName,
  { received_at, run_id }: Pick<RunLine, 'received_at' | 'run_id'>,
): string {
  const day = received_at.slice(0, 10);
  return `v1/org=${organization}/project=${project}/service=${service}/date=${day}/run=${run_id}/payload.json`;
}

/** The link that the first run of a service is tied to. */
export async function firstLink({ organization, project, service }: ServiceName): Promise<string> {
  return await sha256Of(`${exportFormat}\n${organization}/${project}/${service}\n`);
}

export async function nextLink(link: string, line: RunLine): Promise<string> {
  const { bytes, commit_sha, impact, received_at, run_id, sha256 } = line;
  return await sha256Of(`${link}\n${JSON.stringify({ received_at, run_id, commit_sha, impact, bytes, sha256 })}\n`);
}

export async function rootOf(
  services: readonly Pick<ExportedService, 'organization' | 'project' | 'service' | 'run_count' | 'chain'>[],
): Promise<string> {
  const lines = services.map(
    ({ chain, organization, project, run_count, service }) =>
      `${organization}/${project}/${service} ${run_count} ${chain}\n`,
  );
  return await sha256Of(`${exportFormat}\n${lines.join('')}`);
}

async function sha256Of(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}
