import { manifestText } from '#kit/evidence/bundle/bundle-files.ts';
import type { GroupManifest } from '#kit/evidence/bundle/group-manifest.ts';
import type { RecordedSegment } from '#kit/evidence/bundle/recorded-resolution.ts';
import type { Fail } from '../verify-stream.ts';

const at = 'manifest.json';
/** Of each list; the first tell what happened. */
const mostTold = 10;

/** Tells where a manifest is not what follows from its rows; at the end to the byte. True when it is. */
export function compareManifest(
  given: { json: unknown; bytes: Uint8Array },
  computed: GroupManifest,
  fail: Fail,
): boolean {
  let same = true;
  const differs: Fail = (...failure) => {
    same = false;
    fail(...failure);
  };
  const told = membersOf(given.json);
  const { resolution, ...rest } = computed;
  for (const [name, value] of Object.entries(rest)) compareMember(name, told[name], value, differs);
  const toldResolution = membersOf(told.resolution);
  compareSegments(listOf(toldResolution.segments), resolution.segments, differs);
  for (const name of ['gaps', 'overlaps', 'conflicts'] as const)
    if (text(toldResolution[name]) !== text(resolution[name]))
      differs('resolution_differs', `Computed anew, the ${name} of the timeline are others.`, at);
  if (same && !sameBytes(manifestText(computed), given.bytes))
    differs('manifest_differs', 'The manifest is not written as the server writes what is in it.', at);
  return same;
}

function compareMember(name: string, told: unknown, computed: unknown, fail: Fail): void {
  if (!Array.isArray(computed)) {
    if (text(told) !== text(computed))
      fail('manifest_differs', `The manifest says ${name} ${text(told)}; its rows come to ${text(computed)}.`, at);
    return;
  }
  const rows = listOf(told);
  if (rows.length !== computed.length)
    fail('manifest_differs', `The manifest has ${rows.length} ${name}; its rows come to ${computed.length}.`, at);
  const others = computed.flatMap((row, place) => (text(row) === text(rows[place]) ? [] : [place]));
  for (const place of others.slice(0, mostTold))
    fail('manifest_differs', `${name}[${place}] is not what its rows come to, or not in its place.`, at);
  tellRest(others.length, name, fail);
}

function compareSegments(told: readonly unknown[], computed: readonly RecordedSegment[], fail: Fail): void {
  if (told.length !== computed.length)
    fail(
      'resolution_differs',
      `The manifest resolves ${told.length} segments; computed anew there are ${computed.length}.`,
      at,
    );
  const others = computed.flatMap((segment, place) => (text(segment) === text(told[place]) ? [] : [place]));
  for (const place of others.slice(0, mostTold)) {
    const segment = computed[place];
    const { chosen } = membersOf(told[place]);
    if (segment === undefined) continue;
    const what =
      chosen === segment.chosen
        ? 'what the manifest says of it is not what the rules come to'
        : `the manifest chooses ${text(chosen)}; the rules choose ${segment.chosen}`;
    fail('resolution_differs', `Segment ${segment.source_segment_id}: ${what}.`, at);
  }
  tellRest(others.length, 'segments', fail);
}

function tellRest(count: number, name: string, fail: Fail): void {
  if (count > mostTold) fail('manifest_differs', `So are ${count - mostTold} further ${name}.`, at);
}

function sameBytes(pieces: Iterable<string>, bytes: Uint8Array): boolean {
  const encoder = new TextEncoder();
  let place = 0;
  for (const piece of pieces) for (const byte of encoder.encode(piece)) if (bytes[place++] !== byte) return false;
  return place === bytes.length;
}

const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function membersOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
