import type { RunLine, ServiceName } from '../lineage-wire.ts';
import {
  type ExportedRun,
  type ExportedService,
  type ExportManifest,
  exportFormat,
  firstLink,
  nextLink,
  rootOf,
} from './export-manifest.ts';

/** Ties the runs of a service, given in order of arrival, into one chain. */
export async function chainService(
  { organization, project, service }: ServiceName,
  lines: readonly RunLine[],
): Promise<ExportedService> {
  const runs: ExportedRun[] = [];
  let chain = await firstLink({ organization, project, service });
  for (const line of lines) {
    chain = await nextLink(chain, line);
    runs.push({ ...line, link: chain });
  }
  return { organization, project, service, run_count: runs.length, total_bytes: bytesOf(runs), chain, runs };
}

export async function makeManifest(
  services: readonly ExportedService[],
  { generated_at, scope }: Pick<ExportManifest, 'generated_at' | 'scope'>,
): Promise<ExportManifest> {
  return {
    format: exportFormat,
    generated_at,
    scope,
    service_count: services.length,
    run_count: services.reduce((sum, { run_count }) => sum + run_count, 0),
    total_bytes: services.reduce((sum, { total_bytes }) => sum + total_bytes, 0),
    root: await rootOf(services),
    services,
  };
}

export function bytesOf(lines: readonly Pick<RunLine, 'bytes'>[]): number {
  return lines.reduce((sum, { bytes }) => sum + bytes, 0);
}
