import type { ObjectStore } from '#platform/objects/object-store.ts';
import { compareLines, formatLine, parseLine, type RunLine } from '../../record/run-line.ts';
import { sha256Hex } from '../../record/seal-run.ts';
import type { RunDay } from '../run-store.ts';
import { lineOfEntry, type ServiceObjects } from './keys.ts';
import { advanceLatest, readLatest } from './latest.ts';

/** Ascending. A day whose entries were all gathered has its one manifest, which never changes. */
export async function daysOf(objects: ObjectStore, at: ServiceObjects): Promise<RunDay[]> {
  const { folders, objects: files } = await objects.level(at.manifests);
  const open = folders.flatMap((name) => /^date=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1] ?? []);
  const gathered = files.flatMap((name) => /^date=(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name)?.[1] ?? []);
  const settled = gathered.filter((day) => !open.includes(day));
  return [...open.map((day) => ({ day })), ...settled.map((day) => ({ day, version: 'gathered' }))].sort((a, b) =>
    a.day < b.day ? -1 : 1,
  );
}

/** In order of arrival, whatever order the store lists in. */
export async function readDay(objects: ObjectStore, at: ServiceObjects, day: string): Promise<RunLine[]> {
  const lines = new Map<string, RunLine>();
  for await (const { key } of objects.list(at.entries(day))) {
    const line = lineOfEntry(key);
    if (line !== undefined) lines.set(line.run_id, line);
  }
  // Read after the entries: those that a compaction removes meanwhile are in it.
  for (const line of await compactedLines(objects, at, day)) lines.set(line.run_id, line);
  return [...lines.values()].sort(compareLines);
}

/**
 * Gathers the entries of a day that is over into its one manifest, and removes them. Where a manifest stands already, entries that
 * came late stay beside it. A crash leaves entries that the manifest has too; they count once.
 */
export async function compactDay(objects: ObjectStore, at: ServiceObjects, day: string): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of objects.list(at.entries(day))) if (lineOfEntry(key) !== undefined) keys.push(key);
  if (keys.length === 0) return 0;
  let gathered = await compactedLines(objects, at, day);
  if (gathered.length === 0) {
    const lines = keys.flatMap((key) => lineOfEntry(key) ?? []).sort(compareLines);
    const bytes = new TextEncoder().encode(lines.map(formatLine).join(''));
    // Another may have gathered them at the same time, and a little else.
    await objects.create(at.manifest(day), bytes, await sha256Hex(bytes));
    gathered = await compactedLines(objects, at, day);
  }
  const last = gathered.toSorted(compareLines).at(-1);
  // Behind the pointer only entries are looked for, so it has to be past what is to be removed.
  if (last === undefined || !(await advanceLatest(objects, at, last))) return 0;
  const known = new Set(gathered.map((line) => line.run_id));
  const removable = keys.filter((key) => known.has(lineOfEntry(key)?.run_id ?? ''));
  for (const key of removable) await objects.remove(key);
  return removable.length;
}

async function compactedLines(objects: ObjectStore, at: ServiceObjects, day: string): Promise<RunLine[]> {
  const found = await objects.read(at.manifest(day));
  if (found === undefined) return [];
  return new TextDecoder()
    .decode(found.bytes)
    .split('\n')
    .flatMap((text) => parseLine(text) ?? []);
}

/** From the pointer, and what the manifests have behind it. */
export async function newestRun(objects: ObjectStore, at: ServiceObjects): Promise<RunLine | undefined> {
  const { pointed } = await readLatest(objects, at);
  if (pointed === undefined) {
    const last = (await daysOf(objects, at)).at(-1);
    return last === undefined ? undefined : (await readDay(objects, at, last.day)).at(-1);
  }
  let newest = pointed;
  for await (const { key } of objects.list(at.manifests, at.before(pointed))) {
    const line = lineOfEntry(key);
    if (line !== undefined && compareLines(line, newest) > 0) newest = line;
  }
  return newest;
}
