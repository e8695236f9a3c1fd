import { Problem } from '#kit/errors.ts';
import type { ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import { readStoredRun } from '../record/stored-run.ts';
import type { RunStore } from '../stores/run-store.ts';
import { type RunRange, runsWithin } from './list-runs.ts';

/** Oldest first, one line of JSON each, values as they came. Runs without changes are left out. */
export async function* replayDiffs(store: RunStore, key: ServiceKey, range: RunRange): AsyncGenerator<string> {
  const impact = ['self_only', 'downstream', 'unknown'] as const;
  for await (const line of runsWithin(store, key, { ...range, impact }, 'oldest'))
    yield `${await changesOf(store, key, line)}\n`;
}

/** What the run says of its changes. Throws evidence_corrupt when its record is not there. */
export async function changesOf(store: RunStore, key: ServiceKey, line: RunLine): Promise<string> {
  const kept = await store.read(key, line.run_id);
  if (kept === undefined) throw new Problem('evidence_corrupt');
  const { diff, summary } = readStoredRun(kept.payload);
  const { commit_sha, impact, received_at, run_id } = line;
  const head = JSON.stringify({ run_id, received_at, commit_sha, impact });
  const values = Object.entries({ diff, summary }).flatMap(([name, raw]) =>
    raw === undefined ? [] : [`,"${name}":${oneLine(raw)}`],
  );
  return `${head.slice(0, -1)}${values.join('')}}`;
}

/** Line ends in JSON are blanks between tokens; inside strings they are always escaped. */
function oneLine(raw: string): string {
  return raw.replace(/[\r\n]+/g, ' ');
}
