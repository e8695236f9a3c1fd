/**
 * What performance promises, measured on this machine, into docs/performance.md. Takes about half an hour.
 * `npm run bench`; `-- --only relay,captures` measures these and leaves the other parts of the page as they are; `-- --quick` is for a look, and writes nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { withSections } from './performance-page.ts';
import { sections } from './sections.ts';
import { freshFilesystem } from './support/fresh-filesystem.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const only = values.only?.split(',');
const unknown = only?.filter((name) => !sections.some((section) => section.name === name)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`there is no ${unknown.join(', ')}; there are ${sections.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

// Bodies of all rounds stay, since a mass deletion would be measured along; ten million rows take 9 GiB, in either database. Sparse.
const disk = freshFilesystem(48 * 2 ** 30);
process.env.TMPDIR = disk.path;
const page = new URL('../docs/performance.md', import.meta.url);
const commit = execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.versions.node}, on ${disk.description}`;
try {
  for (const { name, title, measure } of sections) {
    if (only?.includes(name) === false) continue;
    process.stdout.write(`${name} …\n`);
    try {
      const made = `${new Date().toISOString().slice(0, 10)}, ${commit}; ${machine}.`;
      const text = `${made}\n\n${await measure(values.quick)}`;
      // At once: what was measured is not lost when a later part fails.
      if (values.quick) process.stdout.write(`${text}\n`);
      else
        writeFileSync(
          page,
          withSections(
            readFileSync(page, 'utf8'),
            new Map([[title, text]]),
            sections.map((one) => one.title),
          ),
        );
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(
        `${name}: not measured; the page keeps what it had\n${error instanceof Error ? error.stack : error}\n`,
      );
    }
  }
} finally {
  disk.release();
}
