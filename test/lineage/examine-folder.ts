import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunLine } from '#features/lineage/record/run-line.ts';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import type { RunStore } from '#features/lineage/stores/run-store.ts';

export interface AnsweredRun {
  service: string;
  line: RunLine;
  outcome: string;
}

/** What putting processes have said; a last line that a kill has cut is none. */
export function answersOf(stdout: string): AnsweredRun[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Opens the folder after whatever happened to it, and holds records, manifests and answers against each other. */
export async function examineFolder(dataDir: string, answered: readonly AnsweredRun[]): Promise<number> {
  const warnings: string[] = [];
  const log = { warn: () => undefined, error: (_: object, message: string) => warnings.push(message) };
  const store = await openFolderRunStore({ dataDir, log });
  let runs = 0;
  try {
    const listed = new Map<string, RunLine>();
    for await (const key of store.services()) {
      const path = join(dataDir, key.organization, key.project, key.service);
      const recorded = readdirSync(path).filter((name) => existsSync(join(path, name, 'payload.json')));
      const lines = await allLines(store, key);
      assert.deepEqual(lines.map((line) => line.run_id).sort(), recorded.sort(), 'each record has one line');
      for (const line of lines) {
        assert.deepEqual((await store.read(key, line.run_id))?.line, line);
        listed.set(`${key.service}/${line.run_id}`, line);
      }
      assert.deepEqual(await store.latest(key), lines.at(-1));
      runs += lines.length;
    }
    for (const { line, service } of answered)
      assert.deepEqual(listed.get(`${service}/${line.run_id}`), line, 'what was answered is there');
    assert.deepEqual(readdirSync(join(dataDir, '.staging')), []);
    assert.deepEqual(warnings, []);
  } finally {
    await store.close();
  }
  assert.ok(existsSync(join(dataDir, '.clean')));
  return runs;
}

async function allLines(store: RunStore, key: Parameters<RunStore['days']>[0]): Promise<RunLine[]> {
  const lines: RunLine[] = [];
  for (const day of await store.days(key)) lines.push(...(await store.day(key, day)));
  return lines;
}
