/** Started by the test beside it: puts runs into the first folder in argv, which are copied to the second, until it dies. */
import { writeSync } from 'node:fs';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { HybridRunStore } from '#features/lineage/stores/hybrid/hybrid-run-store.ts';
import { timestamp } from '#kit/time.ts';

const [dataDir = '', copyDir = '', first = '0'] = process.argv.slice(2);
const log = { warn: () => undefined, error: () => undefined };
const store = await HybridRunStore.open({ dataDir, log, to: await openFolderRunStore({ dataDir: copyDir, log }) });
const began = Date.parse('2026-01-01T00:00:00.000Z');
let next = Number(first);

async function putOn(): Promise<void> {
  for (;;) {
    const i = next++;
    const service = `s${i % 3}`;
    const run = { organization: 'acme', project: 'shop', service, run_id: `r${i}`, artifact: `{"i":${i}}` };
    const { line, outcome } = await store.put(run, timestamp(began + i * 4 * 3_600_000));
    writeSync(1, `${JSON.stringify({ service, line, outcome })}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, putOn));
