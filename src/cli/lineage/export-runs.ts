import {
  type ExportedService,
  type ExportManifest,
  exportManifest,
  manifestName,
  recordPath,
} from '#client/lineage/export/export-manifest.ts';
import { chainService, makeManifest } from '#client/lineage/export/make-manifest.ts';
import { unfinishedName } from '#client/lineage/export/verify-export.ts';
import type { LineageApi } from '#client/lineage/lineage-api.ts';
import type { RunLine, ServiceName } from '#client/lineage/lineage-wire.ts';
import { read } from '#client/shape.ts';
import { toHex } from '#kit/bytes.ts';
import { CommandFailure } from '../command-failure.ts';
import type { ExportFolder } from './export-folder.ts';

export type ExportScope = ExportManifest['scope'];

export type ExportEvent =
  | { readonly event: 'listed'; readonly services: number; readonly runs: number; readonly bytes: number }
  | { readonly event: 'record'; readonly bytes: number; readonly how: 'copied' | 'present' };

interface ExportDeps {
  api: LineageApi;
  folder: ExportFolder;
  tell: (event: ExportEvent) => void;
  clock: () => number;
}

const atOnce = 8;

/**
 * Copies in four steps, so that it may be killed at any time and goes on where it was:
 *
 * 1. mark the folder as unfinished, with its scope. Killed behind it: the same command goes on, another one is refused.
 * 2. list every run. What an earlier export has and the server lists no more, or lists otherwise, ends it here.
 * 3. copy what is not there, or not as it should be; each record is renamed into its place when it is whole.
 * 4. write the manifest, then take the mark away.
 */
export async function exportRuns(
  { api, clock, folder, tell }: ExportDeps,
  scope: ExportScope,
): Promise<ExportManifest> {
  await markUnfinished(folder, scope);
  await folder.removeParts();
  const services = await listEverything(api, scope);
  await compareWithEarlier(folder, services);
  const bytes = services.reduce((sum, service) => sum + service.total_bytes, 0);
  const runs = services.reduce((sum, service) => sum + service.run_count, 0);
  tell({ event: 'listed', services: services.length, runs, bytes });
  const there = new Map(folder.files.map(({ byteSize, path }) => [path, byteSize]));
  await eachAtOnce(recordsOf(services), async ({ run, service }) => {
    const path = recordPath(service, run);
    const present = there.get(path) === run.bytes && (await sha256Hex(await folder.read(path))) === run.sha256;
    if (!present) await folder.writeRecord(path, await fetched(api, service, run));
    tell({ event: 'record', bytes: run.bytes, how: present ? 'present' : 'copied' });
  });
  const manifest = await makeManifest(services, { generated_at: new Date(clock()).toISOString(), scope });
  await folder.writeManifest(manifestName, `${JSON.stringify(manifest)}\n`);
  await folder.remove(unfinishedName);
  return manifest;
}

async function markUnfinished(folder: ExportFolder, scope: ExportScope): Promise<void> {
  const mark = JSON.stringify(scope);
  const names = new Set(folder.files.map(({ path }) => path));
  const earlier = names.has(unfinishedName)
    ? new TextDecoder().decode(await folder.read(unfinishedName))
    : names.has(manifestName)
      ? JSON.stringify((await readManifest(folder)).scope)
      : undefined;
  if (earlier === undefined ? names.size > 0 : earlier !== mark)
    throw new CommandFailure(
      'in_the_way',
      earlier === undefined ? 'The folder holds something else.' : 'The folder holds an export of other services.',
      'Choose an empty folder, or give the same names as before.',
    );
  if (!names.has(unfinishedName)) await folder.writeManifest(unfinishedName, mark);
}

async function readManifest(folder: ExportFolder): Promise<ExportManifest> {
  try {
    const result = read(exportManifest, JSON.parse(new TextDecoder().decode(await folder.read(manifestName))));
    if ('value' in result) return result.value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CommandFailure('in_the_way', 'The folder holds a manifest that cannot be read.', 'Choose an empty folder.');
}

async function listEverything(api: LineageApi, scope: ExportScope): Promise<ExportedService[]> {
  const services: ExportedService[] = [];
  for await (const { organization, project, service } of api.services()) {
    const key = { organization, project, service };
    if (Object.entries(scope).some(([field, name]) => key[field as keyof ServiceName] !== name)) continue; // a scope has these fields alone
    const lines = await Array.fromAsync(api.runs(key));
    services.push(await chainService(key, lines.reverse()));
  }
  return services;
}

/** A server that has lost or changed a run must not be what an export is mended by. */
async function compareWithEarlier(folder: ExportFolder, services: readonly ExportedService[]): Promise<void> {
  if (!folder.files.some(({ path }) => path === manifestName)) return;
  const now = new Map<string, string>();
  for (const { run, service } of recordsOf(services)) now.set(recordPath(service, run), run.sha256);
  for (const { run, service } of recordsOf((await readManifest(folder)).services))
    if (now.get(recordPath(service, run)) !== run.sha256)
      throw new CommandFailure(
        'refused',
        `The server no longer has run ${run.run_id} of ${service.organization}/${service.project}/${service.service} as it was exported before.`,
        'Keep this folder as it is, and ask who runs the server. A new export needs another folder.',
      );
}

async function fetched(api: LineageApi, service: ServiceName, run: RunLine): Promise<Uint8Array<ArrayBuffer>> {
  const record = await api.run(service, run.run_id);
  if (record.sha256 === run.sha256 && record.bytes.length === run.bytes) return record.bytes;
  throw new CommandFailure(
    'refused',
    `The record of run ${run.run_id} is not the one that the server lists.`,
    'Ask who runs the server to look for damage.',
  );
}

interface RecordOfService {
  service: ExportedService;
  run: RunLine;
}

function* recordsOf(services: readonly ExportedService[]): Generator<RecordOfService> {
  for (const service of services) for (const run of service.runs) yield { service, run };
}

/** The first failure ends all of them. */
async function eachAtOnce<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const worker = async () => {
    for (let next = rest.next(); next.done !== true && !failed; next = rest.next())
      await act(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
