import { globSync } from 'node:fs';
import { type Cell, cellEnvironment, nameOf, needsOf } from '../../test/support/cells.ts';
import { missing } from '../../test/support/needs.ts';
import { startCellServers } from './cell-servers.ts';
import { runTests } from './run-tests.ts';

/** Everything that goes through a whole server. What is not listed reaches no backend, or has its own test on each of them. */
const suites = [
  'test/http/*.test.ts',
  'test/cloud/{import,mirror}.test.ts',
  'test/documents/{documents,content,bent-content,trash,quota,races,judged-again,access-matrix,shares,links,uploads,uploads-at-once,processing,preview,suggested-topics}.test.ts',
  'test/chunk-uploads/chunk-uploads.test.ts',
  'test/model/{server,any-request}.test.ts',
];
/** Stores are behind the same ports for all slices: the vault's suites, which are many, run where most differs from the default cell. */
const ofTheVault = /^test\/(documents|cloud|chunk-uploads)\//;
const everything = 'postgresql+s3+valkey';
/** With the default cell and that one, every two backends meet in one of these; on the others the way of a chunk and the model are looked at. */
const pairs = ['sqlite+s3+valkey', 'postgresql+disk+valkey', 'postgresql+s3+none'];
const ofEveryCell = /^test\/(model\/|http\/(uploads|streams-and-bundles|deletion|idempotency|quota|viewer-links)\.)/;

function runsOn(file: string, cell: Cell): boolean {
  const name = nameOf(cell);
  if (name === everything) return true;
  return pairs.includes(name) ? !ofTheVault.test(file) : ofEveryCell.test(file);
}
const withoutBackend = ['test/http/configuration.test.ts', 'test/http/reference.test.ts'];

/** The model found what it finds on the default cell; here it looks for what is different. */
const fewer = { PROOFLINE_MODEL_FACTOR: '0.4' };

/** Runs the suites on each cell, with servers that are started once; true when every cell could be run and is green. */
export async function runCells(
  wanted: readonly Cell[],
  isWanted: (file: string) => boolean,
  bundled: Record<string, string>,
  signal: AbortSignal,
): Promise<boolean> {
  const files = globSync(suites)
    .sort()
    .filter((file) => isWanted(file) && !withoutBackend.includes(file));
  if (files.length === 0) {
    process.stdout.write(`none of these files runs on cells; those that do: ${suites.join(', ')}\n`);
    return false;
  }
  const [runnable, notRunnable] = split(wanted);
  const outcomes: string[] = notRunnable.map(({ cell, lacking }) => `NOT RUN ${nameOf(cell)}: needs ${lacking}`);
  const nothingMayLack = process.env.CI === 'true' && process.getuid?.() === 0;
  let good = notRunnable.length === 0 || !nothingMayLack;
  if (runnable.length > 0) {
    await using servers = await startCellServers(runnable);
    for (const cell of runnable) {
      if (signal.aborted) break;
      process.stdout.write(`\n=== ${nameOf(cell)}\n`);
      const since = performance.now();
      const own = files.filter((file) => runsOn(file, cell));
      // Somebody who asks for nothing else gets it on any cell.
      const passed = await runTests(
        own.length === 0 ? files : own,
        { ...cellEnvironment(cell, servers.reached), ...fewer, ...bundled },
        signal,
      );
      await servers.tidy();
      good &&= passed;
      outcomes.push(
        `${passed ? 'ok     ' : 'FAILED '} ${nameOf(cell)} (${Math.round((performance.now() - since) / 1000)} s)`,
      );
    }
  }
  process.stdout.write(`\n${outcomes.join('\n')}\n`);
  return good;
}

function split(wanted: readonly Cell[]): [Cell[], { cell: Cell; lacking: string }[]] {
  const runnable: Cell[] = [];
  const notRunnable: { cell: Cell; lacking: string }[] = [];
  for (const cell of wanted) {
    const lacking = needsOf(cell)
      .filter((group) => group.every((need) => missing(need).length > 0))
      .map((group) => missing(...group).join(' or '));
    if (lacking.length === 0) runnable.push(cell);
    else notRunnable.push({ cell, lacking: lacking.join(', ') });
  }
  return [runnable, notRunnable];
}
