/** Started by the tests beside it: puts runs into the folder in argv until it dies, and says each on stdout once it is answered. */
import { writeSync } from 'node:fs';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { timestamp } from '#kit/time.ts';

const [dataDir = '', atOnce = '4', first = '0'] = process.argv.slice(2);
const log = { warn: () => undefined, error: () => undefined };
const store = await openFolderRunStore({ dataDir, log });
const sizes = [100, 4000, 70_000, 300_000];
const began = Date.parse('2026-01-01T00:00:00.000Z');
let next = Number(first);

async function putOn(): Promise<void> {
  for (;;) {
    const i = next++;
    const service = `s${i % 2}`;
    const artifact = JSON.stringify({ i, text: 'x'.repeat(sizes[i % sizes.length] ?? 0) });
    const run = { organization: 'acme', project: 'shop', service, run_id: `r${i}`, artifact };
    const { line, outcome } = await store.put(run, timestamp(began + i * 4 * 3_600_000));
    writeSync(1, `${JSON.stringify({ service, line, outcome })}\n`);
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, putOn));
