/**
 * Runs in a folder: what putting costs against a bare durable write of as many bytes, and what questions cost when there is a million.
 * `node bench/lineage.ts [--rounds 5] [--puts 4000] [--runs 1000000] [--only puts|questions]`. Each side has a process and a folder of its own.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missing } from '../test/support/needs.ts';
import { askBucket } from './lineage/bucket.ts';
import { fillFolder, runsADay } from './lineage/fill-folder.ts';
import { compareServed } from './lineage/served.ts';
import { freshFilesystem } from './support/fresh-filesystem.ts';
import { median } from './support/process-figures.ts';

interface PutFigures {
  perSecond: number;
  cpuMs: number;
  p50: number;
  p99: number;
  peakMiB: number;
}

const sides = { store: 'runs in a folder (ours)', bare: 'bare durable write' } as const;
type Side = keyof typeof sides;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    puts: { type: 'string', default: '4000' },
    runs: { type: 'string', default: '1000000' },
    /** `puts` or `questions`. */
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const say = (line: string) => process.stdout.write(`${line}\n`);
const script = (name: string) => fileURLToPath(new URL(`./lineage/${name}`, import.meta.url));

// A run is two blocks and two inodes. Sparse.
const disk = freshFilesystem(48 * 2 ** 30, { inodes: 12_000_000 });
try {
  say(`On ${disk.description}.\n`);
  if (values.only !== 'questions') {
    await compareWholeWay();
    comparePuts();
  }
  if (values.only !== 'puts') {
    await compareSizes();
    await compareBuckets();
  }
} finally {
  disk.release();
}

async function compareWholeWay(): Promise<void> {
  process.env.TMPDIR = disk.path;
  const { ours, reference } = await compareServed(rounds, Number(values.puts));
  say(`Records of 4 KiB over HTTP, 32 at once: medians of ${rounds} alternating rounds\n`);
  say('| side | runs/s | CPU ms/run | p50 ms | p99 ms | peak MiB |\n|---|---|---|---|---|---|');
  for (const [name, { cpuMs, p50, p99, peakMiB, perSecond }] of Object.entries({
    '`proofline lineage serve`': ours,
    'bare server': reference,
  }))
    say(
      `| ${name} | ${perSecond.toFixed(0)} | ${cpuMs.toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${peakMiB.toFixed(0)} |`,
    );
  say(`\nRatio **${(ours.perSecond / reference.perSecond).toFixed(2)}** (bar 0.8)\n`);
}

function comparePuts(): void {
  const figures: Record<Side, PutFigures[]> = { store: [], bare: [] };
  for (let round = 0; round < rounds; round++)
    for (const side of ['store', 'bare'] as const) {
      const folder = `${disk.path}/${side}-${round}`;
      const said = execFileSync(process.execPath, [script('side.ts'), side, folder, values.puts], { encoding: 'utf8' });
      figures[side].push(JSON.parse(said));
    }
  say(`Records of 4 KiB in process, 32 at once: medians of ${rounds} alternating rounds\n`);
  say('| side | runs/s | CPU ms/run | p50 ms | p99 ms | peak MiB |\n|---|---|---|---|---|---|');
  for (const side of ['store', 'bare'] as const) {
    const of = (name: keyof PutFigures) => median(figures[side].map((one) => one[name]));
    const cells = [of('perSecond').toFixed(0), of('cpuMs').toFixed(2), of('p50').toFixed(1), of('p99').toFixed(1)];
    say(`| ${sides[side]} | ${cells.join(' | ')} | ${of('peakMiB').toFixed(0)} |`);
  }
  const ratios = figures.store.map(
    ({ perSecond }, round) => perSecond / (figures.bare[round]?.perSecond ?? Number.NaN),
  );
  say(`\nRatio **${median(ratios).toFixed(2)}** (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`);
}

async function compareSizes(): Promise<void> {
  const asked = [];
  for (const runs of [1000, Number(values.runs)]) {
    const dataDir = `${disk.path}/filled-${runs}`;
    const days = await fillFolder(dataDir, runs);
    const day = days[days.length >> 1] ?? '';
    const answers = Array.from({ length: rounds }, () =>
      JSON.parse(execFileSync(process.execPath, [script('ask.ts'), dataDir, day], { encoding: 'utf8' })),
    );
    const of = (name: string) => median(answers.map((one) => one[name]));
    asked.push({ runs, latestFirst: of('latestFirst'), latest: of('latest'), oneDay: of('oneDay') });
  }
  const [small, large] = asked;
  if (small === undefined || large === undefined) return;
  say(`Questions to one service with ${large.runs} runs against ${small.runs}, milliseconds. Bar: 2.\n`);
  say('| question | small | large | ratio |\n|---|---|---|---|');
  for (const [name, title] of [
    ['latestFirst', 'latest, the first time after a start'],
    ['latest', 'latest'],
    ['oneDay', 'one day of a thousand runs'],
  ] as const)
    say(
      `| ${title} | ${small[name].toFixed(3)} | ${large[name].toFixed(3)} | **${(large[name] / small[name]).toFixed(2)}** |`,
    );
}

async function compareBuckets(): Promise<void> {
  if (missing('versitygw').length > 0) {
    say(`\nIn a bucket: not measured here, needs ${missing('versitygw').join()}.`);
    return;
  }
  const [small, large] = [await askBucket(2 * runsADay), await askBucket(Number(values.runs))];
  say(`\nThe same in a bucket (Versity's gateway), ${large.runs} runs against ${small.runs}; bar 2\n`);
  say('| question | small | large | ratio |\n|---|---|---|---|');
  for (const [name, title] of [
    ['latest', 'latest'],
    ['oneDay', 'one day of a thousand runs'],
  ] as const)
    say(
      `| ${title} | ${small[name].toFixed(2)} | ${large[name].toFixed(2)} | **${(large[name] / small[name]).toFixed(2)}** |`,
    );
}
