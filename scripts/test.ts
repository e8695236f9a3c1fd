import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Every test of the repository in Node's own runner. Arguments narrow it down: `node scripts/test.ts test/http`. */
const wanted = process.argv.slice(2);
const all = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).sort();
const files = wanted.length === 0 ? all : all.filter((file) => wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  process.stderr.write('no test file matches\n');
  process.exit(1);
}
const result = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], {
  stdio: 'inherit',
  env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
});
process.exit(result.status ?? 1);
