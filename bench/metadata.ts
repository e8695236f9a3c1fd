/**
 * Chunk rows a second, 128 at once, every one durable before it is answered: our writer thread with group commit against one
 * INSERT a transaction, on the same disk and in the same run. `node bench/metadata.ts [directory]`; the directory picks the disk.
 *
 * Two references: the plain way (prepared INSERT, autocommit, in the calling thread) and the same through our thread, one
 * transaction a group. Both again with a flush that takes 1 ms longer, as most disks need it, where a C compiler is at hand.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Figures {
  rowsPerSecond: number;
  cpuMicrosecondsPerRow: number;
  p50: number;
  p99: number;
  peakMegabytes: number;
  rowsPerGroup: number;
}

const sides = {
  'direct-one-each': 'one INSERT a transaction, directly',
  'thread-one-each': 'one INSERT a transaction, through the thread',
  group: 'group commit through the thread (ours)',
} as const;
type Side = keyof typeof sides;
const names = Object.keys(sides) as Side[]; // the keys of the literal above, nothing else

const rounds = 5;
const scratch = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'proofline-bench-'));
try {
  compare('this disk', { 'direct-one-each': 20_000, 'thread-one-each': 10_000, group: 40_000 }, {});
  const shim = slowFlush();
  if (shim === undefined) print('\nNo C compiler: the slower disk was not modelled.');
  else {
    const env = { LD_PRELOAD: shim, SLOW_FLUSH_US: '1000' };
    compare('a flush that takes 1 ms longer', { 'direct-one-each': 2000, 'thread-one-each': 2000, group: 20_000 }, env);
  }
} finally {
  rmSync(scratch, { recursive: true });
}

function compare(title: string, rows: Record<Side, number>, env: Record<string, string>): void {
  const figures: Record<Side, Figures[]> = { 'direct-one-each': [], 'thread-one-each': [], group: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of names) figures[side].push(run(side, rows[side], env));
  }
  print(`\n${title}: medians of ${rounds} alternating rounds, 128 at once`);
  print('| side | rows/s | CPU µs/row | p50 ms | p99 ms | rows/commit | peak MB |\n|---|---|---|---|---|---|---|');
  for (const side of names) {
    const of = (name: keyof Figures) => median(figures[side].map((one) => one[name]));
    const cells = [of('rowsPerSecond').toFixed(0), of('cpuMicrosecondsPerRow').toFixed(1), of('p50').toFixed(2)];
    cells.push(of('p99').toFixed(2), of('rowsPerGroup').toFixed(0), of('peakMegabytes').toFixed(0));
    print(`| ${sides[side]} | ${cells.join(' | ')} |`);
  }
  for (const side of ['direct-one-each', 'thread-one-each'] as const) {
    const ratios = figures.group.map(
      (ours, round) => ours.rowsPerSecond / (figures[side][round]?.rowsPerSecond ?? Number.NaN),
    );
    print(`ratio to ${sides[side]}: ${median(ratios).toFixed(1)} × (bar 8 ×)`);
  }
}

/** Each run has a process and an empty database of its own. */
function run(side: Side, rows: number, env: Record<string, string>): Figures {
  const directory = mkdtempSync(join(scratch, 'run-'));
  const script = fileURLToPath(new URL('./metadata/side.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, side, String(rows), directory], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  rmSync(directory, { recursive: true });
  if (status !== 0) throw new Error(`${side} failed: ${stderr}`);
  return JSON.parse(stdout);
}

function slowFlush(): string | undefined {
  const library = join(scratch, 'slow-flush.so');
  const source = fileURLToPath(new URL('./metadata/slow-flush.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'ignore' });
    return library;
  } catch {
    return undefined;
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
