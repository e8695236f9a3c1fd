import type { ObjectStore } from '#platform/objects/object-store.ts';
import { compareLines, formatLine, parseLine, type RunLine } from '../../record/run-line.ts';
import type { ServiceObjects } from './keys.ts';

const attempts = 4;

/**
 * Moves the pointer forward, never back. False when others kept being quicker: they point at a run that is about as new, and whoever
 * reads the pointer looks behind it.
 */
export async function advanceLatest(objects: ObjectStore, at: ServiceObjects, line: RunLine): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { pointed, tag } = await readLatest(objects, at);
    if (pointed !== undefined && compareLines(pointed, line) >= 0) return true;
    if (await objects.replace(at.latest, new TextEncoder().encode(formatLine(line)), tag)) return true;
  }
  return false;
}

export interface Latest {
  /** Undefined where the pointer is missing or unreadable. */
  pointed: RunLine | undefined;
  tag: string | undefined;
}

export async function readLatest(objects: ObjectStore, at: ServiceObjects): Promise<Latest> {
  const found = await objects.read(at.latest);
  return {
    pointed: found === undefined ? undefined : parseLine(new TextDecoder().decode(found.bytes)),
    tag: found?.tag,
  };
}
