import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorker } from './worker/bundle-worker.ts';

/** Makes dist/worker/worker.js, which deploy/cloudflare/wrangler.toml names. */
const folder = join(import.meta.dirname, '../dist/worker');
const { code, imports } = await bundleWorker();
if (imports.length > 0) {
  process.stderr.write(`a Worker has none of these: ${imports.join(', ')}\n`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'worker.js'), code);
process.stdout.write(`dist/worker/worker.js, ${Buffer.byteLength(code)} bytes\n`);
