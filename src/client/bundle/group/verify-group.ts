import { containedEntries, manifestName, sumsName, sumsText } from '#kit/evidence/bundle/bundle-files.ts';
import type { GroupFacts } from '#kit/evidence/bundle/group-facts.ts';
import { type GroupManifest, groupManifest } from '#kit/evidence/bundle/group-manifest.ts';
import { policyVersion } from '#kit/evidence/policy.ts';
import type { BundleFailure, BundleReport, StreamReport } from '../bundle-report.ts';
import type { BundleEntry, BundleSource } from '../bundle-source.ts';
import { noteProblems, type ReadJson, readEntry } from '../read-entries.ts';
import { digestOf, type Fail, type StreamPlace, type VerifyOptions, verifyStreamChunks } from '../verify-stream.ts';
import { checkRows } from './check-rows.ts';
import { compareManifest } from './compare-manifest.ts';
import { groupReport } from './group-report.ts';
import { type GivenManifest, parseGroupManifest } from './read-group-manifest.ts';

/**
 * The manifest is read as rows; resolution, counts and which chunks belong into the bundle are computed from these, as the server
 * did, and what comes out must be the manifest to the byte. Then every entry is held against it.
 */
export async function verifyGroup<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  given: ReadJson,
  options: VerifyOptions,
  { failures, fail }: { failures: readonly BundleFailure[]; fail: Fail },
): Promise<Pick<BundleReport, 'streams' | 'group'>> {
  const manifestSha256 = await digestOf(given.bytes);
  if (options.root !== undefined && options.root !== manifestSha256)
    fail('root_differs', `The SHA-256 of the manifest is ${manifestSha256}.`, manifestName);
  const parsed = parseGroupManifest(given.json);
  noteProblems(parsed.problems, manifestName, fail);
  const manifest = parsed.value;
  if (manifest === undefined) return { streams: [] };
  const computed = computedFrom(manifest, given, fail);
  const contained = computed === undefined ? [] : [...containedEntries(computed)].map(({ name }) => name);
  if (computed !== undefined) {
    checkNames(source.entries, [manifestName, sumsName, ...contained], fail);
    await checkSums(source, entries, sumsText(computed, manifestSha256), fail);
  }
  // Under a manifest that is not right, no chunk is known to be in its place.
  const streams = await verifyStreams(source, entries, manifest, options, fail, failures.length === 0);
  return { streams, ...(computed === undefined ? {} : { group: groupReport(computed, manifestSha256) }) };
}

function computedFrom(manifest: GivenManifest, given: ReadJson, fail: Fail): GroupManifest | undefined {
  const { policy_version } = manifest.resolution;
  if (policy_version !== policyVersion) {
    fail(
      'policy_unknown',
      `The evidence was chosen by policy ${policy_version}; this program knows policy ${policyVersion}.`,
      manifestName,
    );
    return undefined;
  }
  const facts: GroupFacts = { ...manifest, group: manifest.capture_group };
  if (!checkRows(facts, fail)) return undefined;
  const computed = groupManifest(facts);
  compareManifest(given, computed, fail);
  return computed;
}

/** Exactly those, in that order. One that is missing is told where its bytes are looked for. */
function checkNames(list: readonly BundleEntry[], expected: readonly string[], fail: Fail): void {
  const places = new Map(expected.map((name, place) => [name, place]));
  let last = -1;
  for (const { name } of list) {
    const place = places.get(name);
    if (place === undefined) fail('entry_unexpected', 'The manifest does not speak of this entry.', name);
    else if (place < last) fail('entry_out_of_order', 'The entry stands behind what must follow it.', name);
    last = Math.max(last, place ?? -1);
  }
}

async function checkSums<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  expected: Iterable<string>,
  fail: Fail,
): Promise<void> {
  const bytes = await readEntry(source, entries, sumsName, fail);
  if (bytes === undefined) return;
  const told = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const lines = told === '' ? [] : told.split(/(?<=\n)/);
  let place = 0;
  for (const line of expected) if (lines[place++] !== line) return differ(place);
  if (place !== lines.length) differ(place + 1);
  function differ(line: number): void {
    fail('sums_differ', `Line ${line} is not the hash and the name that the manifest comes to.`, sumsName);
  }
}

async function verifyStreams<E extends BundleEntry>(
  source: BundleSource<E>,
  entries: ReadonlyMap<string, E>,
  manifest: GivenManifest,
  options: VerifyOptions,
  fail: Fail,
  whole: boolean,
): Promise<StreamReport[]> {
  const included = Map.groupBy(
    manifest.chunks.filter((chunk) => chunk.included),
    ({ stream_id }) => stream_id,
  );
  const reports: StreamReport[] = [];
  for (const variant of manifest.variants) {
    const rows = included.get(variant.stream_id) ?? [];
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) continue;
    const { stream_id, media_type, label } = variant;
    const head: StreamPlace = { incident_id: manifest.incident.id, stream_id, media_type };
    let failed = 0;
    const count: Fail = (...failure) => {
      failed += 1;
      fail(...failure);
    };
    const chunks = rows.map((row) => ({ ...row, media_type }));
    const stream = { head, chunks, folder: `streams/${stream_id}/` };
    const counts = await verifyStreamChunks(source, entries, stream, options, count);
    const ok = whole && failed === 0;
    if (options.key) await options.sink?.finish(head, ok);
    reports.push({
      ...head,
      ...(label === undefined ? {} : { label }),
      started_at: first.started_at,
      ended_at: last.ended_at,
      chunk_count: rows.length,
      total_bytes: rows.reduce((total, { byte_size }) => total + byte_size, 0),
      ...counts,
      ok,
    });
  }
  return reports;
}
