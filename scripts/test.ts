import { globSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Cell, cells, nameOf } from '../test/support/cells.ts';
import { bundleServer } from './test/bundle-server.ts';
import { runCells } from './test/run-cells.ts';
import { runTests } from './test/run-tests.ts';

/**
 * Every test of the repository in Node's own runner, then the suites of test/support/cells.ts once more on every other combination of
 * backends. Arguments narrow it down: `node scripts/test.ts test/http` runs those files on the default cell,
 * `--cell postgresql+s3+valkey` on another one, `--cells` on all others.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cell: { type: 'string', multiple: true }, cells: { type: 'boolean' } },
});

const isWanted = (file: string) => positionals.length === 0 || positionals.some((part) => file.includes(part));
const others = cells.slice(1);
const wanted = cellsWanted();
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).sort().filter(isWanted);
if (files.length === 0) {
  process.stderr.write('no test file matches\n');
  process.exit(1);
}

// One of a Ctrl-C's signals is the tests' own; with this one the servers are still ended.
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort());

process.exit((await everything()) && !ending.signal.aborted ? 0 : 1);

async function everything(): Promise<boolean> {
  using server = await bundleServer();
  const bundled = { PROOFLINE_TEST_MAIN: server.main };
  let good = true;
  if (values.cell === undefined && values.cells !== true) good = await runTests(files, bundled, ending.signal);
  if (wanted.length === 0 || ending.signal.aborted) return good;
  return (await runCells(wanted, isWanted, bundled, ending.signal)) && good;
}

function cellsWanted(): readonly Cell[] {
  const { cell: names } = values;
  const unknown = names?.find((name) => !cells.some((cell) => nameOf(cell) === name));
  if (unknown !== undefined) {
    process.stderr.write(`there is no cell ${unknown}; there are ${cells.map(nameOf).join(', ')}\n`);
    process.exit(1);
  }
  if (names !== undefined) return cells.filter((cell) => names.includes(nameOf(cell)));
  return values.cells === true || positionals.length === 0 ? others : [];
}
