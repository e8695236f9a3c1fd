import { read } from '../../shape.ts';
import { type ExportManifest, exportManifest, manifestName, recordPath, rootOf } from './export-manifest.ts';
import type { ExportedServiceReport, ExportFailure, ExportReport, FailExport } from './export-report.ts';
import type { ExportSource, Reseal } from './export-source.ts';
import { bytesOf } from './make-manifest.ts';
import { checkChain } from './verify-chain.ts';
import { verifyRecord } from './verify-record.ts';

/** Stands in the folder while an export is made, and is gone when it is whole. */
export const unfinishedName = 'lineage.unfinished.json';

export interface VerifyExportOptions {
  readonly reseal: Reseal;
  /** What the export's root has to be, from wherever it was noted down. */
  readonly root?: string | undefined;
  readonly onProgress?: ((progress: { bytes: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Verifies an export of runs without its server, and lists everything that is wrong with it: a record that was removed, added or altered,
 * and a manifest whose lines were removed, altered or put in another order. Whoever could write the whole folder anew is found by its
 * root alone. Throws only the signal's reason.
 */
export async function verifyExport(source: ExportSource, options: VerifyExportOptions): Promise<ExportReport> {
  const failures: ExportFailure[] = [];
  const fail: FailExport = (code, message, entry) =>
    void failures.push({ code, message, ...(entry === undefined ? {} : { entry }) });
  const files = new Map(source.files.map((file) => [file.path, file]));
  if (files.has(unfinishedName))
    fail('export_unfinished', 'The export was not brought to its end. Run it again into the same folder.');
  const manifest = await readManifest(source, files.has(manifestName), fail);
  if (manifest === undefined) return { ok: false, kind: 'lineage', services: [], failures };

  const services: ExportedServiceReport[] = [];
  for (const service of manifest.services) {
    const before = failures.length;
    await checkChain(service, fail);
    let verified = 0;
    for (const run of service.runs) {
      options.signal?.throwIfAborted();
      const file = files.get(recordPath(service, run));
      if (await verifyRecord({ source, file, service, run, reseal: options.reseal }, fail)) verified += 1;
      options.onProgress?.({ bytes: run.bytes });
    }
    const { organization, project, run_count, total_bytes } = service;
    const [first, last] = [service.runs[0], service.runs.at(-1)];
    services.push({
      ...{ organization, project, service: service.service, run_count, total_bytes, runs_verified: verified },
      ...(first === undefined || last === undefined ? {} : { from: first.received_at, to: last.received_at }),
      ok: failures.length === before,
    });
  }
  checkTotals(manifest, fail);
  const root = await rootOf(manifest.services);
  if (root !== manifest.root) fail('root_differs', 'The root is not that of the services listed.', manifestName);
  if (options.root !== undefined && options.root !== root)
    fail('root_differs', 'The root is not the one that was expected: this is another export, or it was made anew.');
  checkNames(source, manifest, fail);
  return { ok: failures.length === 0, kind: 'lineage', root, services, failures };
}

async function readManifest(
  source: ExportSource,
  isThere: boolean,
  fail: FailExport,
): Promise<ExportManifest | undefined> {
  if (!isThere) {
    fail('manifest_missing', 'The manifest is not in the folder.', manifestName);
    return undefined;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await source.read(manifestName));
    const result = read(exportManifest, JSON.parse(text));
    if ('value' in result) return result.value;
    for (const problem of result.problems)
      fail('manifest_invalid', `In the manifest, ${problem || 'something is wrong'}.`, manifestName);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    fail('manifest_unreadable', `The manifest cannot be read: ${why}`, manifestName);
  }
  return undefined;
}

function checkTotals({ run_count, service_count, services, total_bytes }: ExportManifest, fail: FailExport): void {
  const runs = services.reduce((sum, service) => sum + service.runs.length, 0);
  const bytes = services.reduce((sum, service) => sum + bytesOf(service.runs), 0);
  if (services.length !== service_count)
    fail(
      'count_differs',
      `${services.length} services are listed; the manifest counts ${service_count}.`,
      manifestName,
    );
  if (runs !== run_count)
    fail('count_differs', `${runs} runs are listed; the manifest counts ${run_count}.`, manifestName);
  if (bytes !== total_bytes)
    fail('total_bytes_differ', `The runs add up to ${bytes} bytes; the manifest says ${total_bytes}.`, manifestName);
  const names = services.map(({ organization, project, service }) => `${organization} ${project} ${service}`);
  for (const [i, name] of names.entries())
    if (i > 0 && name <= (names[i - 1] ?? ''))
      fail('service_out_of_order', `Service ${name.replaceAll(' ', '/')} stands out of order, or twice.`, manifestName);
}

function checkNames(source: ExportSource, manifest: ExportManifest, fail: FailExport): void {
  const expected = new Set([manifestName, unfinishedName]);
  for (const service of manifest.services) for (const run of service.runs) expected.add(recordPath(service, run));
  for (const { path } of source.files)
    if (!expected.has(path)) fail('file_unexpected', 'The manifest does not speak of this file.', path);
}
