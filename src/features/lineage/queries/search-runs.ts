import type { LineageCaller } from '../identity/identity.ts';
import { isRunId, type ServiceKey } from '../record/names.ts';
import { compareLines, type RunLine } from '../record/run-line.ts';
import type { RunStore } from '../stores/run-store.ts';
import { runsWithin } from './list-runs.ts';

export interface Found {
  key: ServiceKey;
  line: RunLine;
}

const mostFound = 200;
/** Services asked at once. */
const atOnce = 8;

/** Runs that have this id or this very commit, in all services that the caller may read, newest first. */
export async function searchRuns(store: RunStore, caller: LineageCaller, asked: string): Promise<Found[]> {
  if (!isRunId(asked)) return [];
  const found: Found[] = [];
  let batch: ServiceKey[] = [];
  const search = async () => {
    await Promise.all(batch.map((key) => inService(store, key, asked, found)));
    batch = [];
  };
  for await (const key of store.services()) {
    if (!caller.may('read', key)) continue;
    batch.push(key);
    if (batch.length === atOnce) await search();
    if (found.length >= mostFound) break;
  }
  await search();
  return found.sort((a, b) => compareLines(b.line, a.line)).slice(0, mostFound);
}

async function inService(store: RunStore, key: ServiceKey, asked: string, found: Found[]): Promise<void> {
  const named = await store.read(key, asked);
  if (named !== undefined) found.push({ key, line: named.line });
  for await (const line of runsWithin(store, key, { commit: asked }, 'newest')) {
    if (line.run_id !== asked) found.push({ key, line });
    if (found.length >= mostFound) return;
  }
}
