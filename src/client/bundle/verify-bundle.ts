import type { BundleFailure, BundleReport, StreamReport } from './bundle-report.ts';
import type { BundleEntry, BundleSource } from './bundle-source.ts';
import { verifyGroup } from './group/verify-group.ts';
import {
  type ChunkLine,
  type IncidentManifest,
  manifestKind,
  parseIncidentManifest,
  parseStreamManifest,
  type StreamManifest,
} from './manifest.ts';
import { indexEntries, noteProblems, readJson } from './read-entries.ts';
import {
  checkStreamManifest,
  chunkEntryName,
  type Fail,
  type VerifyOptions,
  verifyStreamChunks,
} from './verify-stream.ts';

interface StreamInBundle {
  readonly head: StreamManifest;
  readonly chunks: readonly ChunkLine[];
  /** `` in a stream bundle, `streams/{id}/` in an incident bundle. */
  readonly folder: string;
  readonly entry: string;
}

/**
 * Verifies a bundle of a stream, an incident or a capture group and lists everything that is wrong with it. Without a key it shows
 * that the bundle is whole and agrees with its own manifest, of a capture group also that what is chosen follows from its rows; with
 * one also that each chunk is authentic and in its place. Throws only the signal's reason and what the sink throws.
 */
export async function verifyBundle<E extends BundleEntry>(
  source: BundleSource<E>,
  options: VerifyOptions = {},
): Promise<BundleReport> {
  const failures: BundleFailure[] = [];
  const fail: Fail = (code, message, entry) =>
    void failures.push({ code, message, ...(entry === undefined ? {} : { entry }) });
  const entries = indexEntries(source.entries, fail);

  const manifest = await readJson(source, entries, 'manifest.json', fail);
  const kind = manifest === undefined ? 'unknown' : manifestKind(manifest.json);
  if (kind === 'capture_group' && manifest !== undefined) {
    const { streams, group } = await verifyGroup(source, entries, manifest, options, { failures, fail });
    return { ok: failures.length === 0, kind, streams, ...(group === undefined ? {} : { group }), failures };
  }
  let found: readonly StreamInBundle[] = [];
  let incident: IncidentManifest | undefined;
  if (kind === 'stream') found = [streamOf(manifest?.json, '', fail)].flatMap((stream) => stream ?? []);
  else if (kind === 'incident') {
    const parsed = parseIncidentManifest(manifest?.json);
    noteProblems(parsed.problems, 'manifest.json', fail);
    incident = parsed.value;
    found = await streamsOf(source, entries, incident, fail);
  } else if (manifest) fail('manifest_invalid', 'The manifest lists neither chunks nor streams.', 'manifest.json');

  if (options.root !== undefined)
    fail('root_differs', 'Only the bundle of a capture group has a hash of its own.', 'manifest.json');
  checkNamesAndOrder(source.entries, kind, found, fail);
  if (incident) checkAgreement(incident, found, fail);
  const streams: StreamReport[] = [];
  for (const stream of found) {
    const before = failures.length;
    checkStreamManifest(stream.head, stream.chunks, stream.entry, fail);
    const counts = await verifyStreamChunks(source, entries, stream, options, fail);
    // In a stream bundle everything is about the one stream; in an incident's, what lies in the stream's own folder.
    const ok =
      failures.length === before &&
      !failures.some(({ entry = '' }) => stream.folder === '' || entry.startsWith(stream.folder));
    if (options.key) await options.sink?.finish(stream.head, ok);
    streams.push(reportOf(stream, counts, ok));
  }
  return { ok: failures.length === 0, kind, streams, failures };
}

function streamOf(json: unknown, folder: string, fail: Fail): StreamInBundle | undefined {
  const entry = `${folder}manifest.json`;
  const parsed = parseStreamManifest(json);
  noteProblems(parsed.problems, entry, fail);
  return parsed.value && { ...parsed.value, folder, entry };
}

async function streamsOf<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  incident: IncidentManifest | undefined,
  fail: Fail,
): Promise<readonly StreamInBundle[]> {
  const streams: StreamInBundle[] = [];
  for (const { stream_id: id } of incident?.streams ?? []) {
    const folder = `streams/${id}/`;
    const manifest = await readJson(source, entries, `${folder}manifest.json`, fail);
    const stream = manifest && streamOf(manifest.json, folder, fail);
    if (!stream) continue;
    if (stream.head.stream_id !== id)
      fail('manifests_disagree', `The manifest in this folder is of stream ${stream.head.stream_id}.`, stream.entry);
    streams.push(stream);
  }
  return streams;
}

/** Names must be exactly those the manifests call for; each manifest stands before its chunks, and chunks in their order. */
function checkNamesAndOrder(
  list: readonly BundleEntry[],
  kind: BundleReport['kind'],
  streams: readonly StreamInBundle[],
  fail: Fail,
): void {
  if (list.length > 0 && list[0]?.name !== 'manifest.json')
    fail('entry_out_of_order', 'The first entry must be manifest.json.', list[0]?.name);
  const place = new Map(list.map((entry, position) => [entry.name, position]));
  const expected = new Set(['manifest.json']);
  for (const stream of streams) {
    let last = place.get(stream.entry) ?? -1;
    expected.add(stream.entry);
    for (const chunk of stream.chunks) {
      const name = chunkEntryName(stream.folder, chunk);
      expected.add(name);
      const at = place.get(name);
      if (at === undefined) continue;
      if (at < last) fail('entry_out_of_order', `Chunk ${chunk.chunk_index} stands before what must precede it.`, name);
      last = Math.max(last, at);
    }
  }
  // Without a manifest nothing is expected, and each entry would be reported for that one reason.
  if (kind === 'unknown') return;
  for (const { name } of list)
    if (!expected.has(name)) fail('entry_unexpected', 'No manifest speaks of this entry.', name);
}

function checkAgreement(incident: IncidentManifest, streams: readonly StreamInBundle[], fail: Fail): void {
  const at = 'manifest.json';
  if (incident.stream_count !== incident.streams.length) {
    fail(
      'stream_count_differs',
      `The manifest counts ${incident.stream_count} streams and lists ${incident.streams.length}.`,
      at,
    );
  }
  if (new Set(incident.streams.map(({ stream_id }) => stream_id)).size !== incident.streams.length) {
    fail('manifests_disagree', 'The manifest lists a stream twice.', at);
  }
  const total = streams.reduce((sum, { head }) => sum + head.total_bytes, 0);
  if (total !== incident.total_bytes)
    fail('total_bytes_differ', `The streams add up to ${total} bytes; the manifest says ${incident.total_bytes}.`, at);
  for (const { head, entry } of streams) {
    if (head.incident_id !== incident.incident.id)
      fail('manifests_disagree', `The stream belongs to incident ${head.incident_id}.`, entry);
    const summary = incident.streams.find(({ stream_id }) => stream_id === head.stream_id);
    for (const field of ['media_type', 'chunk_count', 'total_bytes'] as const) {
      if (summary?.[field] !== undefined && summary[field] !== head[field]) {
        fail(
          'manifests_disagree',
          `The incident's manifest says ${field} ${summary[field]}, the stream's ${head[field]}.`,
          entry,
        );
      }
    }
  }
}

function reportOf(
  { head, chunks }: StreamInBundle,
  counts: Pick<StreamReport, 'chunks_verified' | 'chunks_decrypted'>,
  ok: boolean,
): StreamReport {
  const first = chunks[0];
  const last = chunks.at(-1);
  return {
    stream_id: head.stream_id,
    incident_id: head.incident_id,
    media_type: head.media_type,
    ...(head.label === undefined ? {} : { label: head.label }),
    ...(first && last ? { started_at: first.started_at, ended_at: last.ended_at } : {}),
    chunk_count: head.chunk_count,
    total_bytes: head.total_bytes,
    ...counts,
    ok,
  };
}
