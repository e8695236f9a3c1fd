import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { missing } from '../test/support/needs.ts';
import { compareBundle } from './bundle.ts';
import { capturesSection, measureCaptures } from './captures.ts';
import { compareChunks, removeBenchFolders, works } from './chunks.ts';
import { clusterSizeSection, measureClusterSize } from './cluster/size.ts';
import { clusterSection, measureCluster } from './cluster.ts';
import { measureMemory } from './memory.ts';
import { measureRelay, relaySection } from './relay.ts';
import { measureSize } from './size.ts';
import { measureStart } from './start.ts';

/** A part of docs/performance.md that can be measured by itself. */
export interface Section {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** Markdown, without the title. `quick` measures little, for a look. */
  measure(quick: boolean): Promise<string>;
}

const largeStore = (quick: boolean) => (quick ? 200_000 : 10_000_000);

/** In the order of the page. */
export const sections: readonly Section[] = [
  { name: 'uploads', title: 'Uploads', measure: uploads },
  {
    name: 'relay',
    title: 'Through a relay',
    measure: async (quick) => relaySection(await measureRelay(quick ? 1 : 5)),
  },
  {
    name: 'cluster',
    title: 'The cluster form',
    measure: async (quick) =>
      whereThereIs(async () => clusterSection(await measureCluster(quick ? 300 : 2_000, quick ? 1 : 5))),
  },
  {
    name: 'cluster-size',
    title: 'Size, on PostgreSQL',
    measure: async (quick) => whereThereIs(async () => clusterSizeSection(await measureClusterSize(largeStore(quick)))),
  },
  { name: 'metadata', title: 'Metadata alone', measure: metadata },
  { name: 'lineage', title: 'Lineage', measure: lineage },
  { name: 'bundles', title: 'Bundles', measure: bundles },
  { name: 'memory', title: 'Memory', measure: memory },
  { name: 'size', title: 'Size', measure: size },
  {
    name: 'captures',
    title: 'Resolution of an hour',
    measure: async (quick) => capturesSection(await measureCaptures(quick ? 20_000 : 10_000_000)),
  },
];

async function whereThereIs(measure: () => Promise<string>): Promise<string> {
  const absent = missing('postgres', 'radosgw', 'valkey');
  return absent.length > 0 ? `Not measured here: needs ${absent.join(', ')}.` : await measure();
}

function script(name: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
    encoding: 'utf8',
    env,
  }).trim();
}

async function uploads(): Promise<string> {
  const rows: string[] = [];
  for (const work of Object.values(works)) {
    const { title, ours, reference, ratio, bar } = await compareChunks(work);
    rows.push(
      `| ${title} | ${ours.perSecond.toFixed(0)} | ${reference.perSecond.toFixed(0)} | **${ratio.toFixed(2)}** | ${bar} | ${ours.cpuMs.toFixed(2)} | ${reference.cpuMs.toFixed(2)} | ${ours.p50.toFixed(1)} | ${ours.p99.toFixed(1)} | ${ours.peakMiB.toFixed(0)} | ${reference.peakMiB.toFixed(0)} |`,
    );
  }
  removeBenchFolders();
  return [
    'Reference: a bare `node:http` server on the promise API that stores each body durably, without a row and without asking who it is.\n',
    '| work | ours/s | reference/s | ratio | bar | CPU ms, ours | reference | p50 ms | p99 ms | peak MiB, ours | reference |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

async function metadata(): Promise<string> {
  const figures = script('./metadata.ts', [process.env.TMPDIR ?? '/tmp']);
  return `Chunk rows, each durable before it is answered. Bar: 8 × one INSERT a transaction.\n\n${figures}`;
}

/** On a disk of its own, which it makes. */
async function lineage(quick: boolean): Promise<string> {
  const { TMPDIR: _, ...env } = process.env;
  return script('./lineage.ts', quick ? ['--rounds', '1', '--puts', '1000', '--runs', '20000'] : [], env);
}

async function bundles(quick: boolean): Promise<string> {
  const { megabytes, ours, ratio, reference } = await compareBundle(quick ? 256 : 1024);
  return [
    `One bundle of ${megabytes} chunks of 1 MiB against one file of that size, streamed and hashed by a bare server. Bar: 0.8.\n`,
    '| | MB/s | CPU ms/MB | peak MiB |\n|---|---|---|---|',
    `| ours | ${ours.mbPerSecond.toFixed(0)} | ${ours.cpuMsPerMb.toFixed(2)} | ${ours.peakMiB.toFixed(0)} |`,
    `| reference | ${reference.mbPerSecond.toFixed(0)} | ${reference.cpuMsPerMb.toFixed(2)} | ${reference.peakMiB.toFixed(0)} |`,
    `\nRatio **${ratio.toFixed(2)}**.`,
  ].join('\n');
}

async function memory(quick: boolean): Promise<string> {
  const figures = await measureMemory(
    quick
      ? { uploads: 16, uploadMiB: 16, downloads: 4, bundleMiB: 64 }
      : { uploads: 64, uploadMiB: 64, downloads: 8, bundleMiB: 1024 },
  );
  return [
    'Resident memory of the server. Bar: 64 MiB more than idle.\n',
    '| work | idle MiB | peak MiB | grown |\n|---|---|---|---|',
    ...figures.map(
      ({ work, idleMiB, peakMiB }) =>
        `| ${work} | ${idleMiB.toFixed(0)} | ${peakMiB.toFixed(0)} | **${(peakMiB - idleMiB).toFixed(0)}** |`,
    ),
  ].join('\n');
}

async function size(quick: boolean): Promise<string> {
  const { databaseMiB, lines, nodeMs, rows, smallRows, startMs } = await measureSize(largeStore(quick));
  const start = await measureStart();
  return [
    `${rows.toLocaleString('en')} chunk rows (a database of ${databaseMiB.toFixed(0)} MiB) against ${smallRows.toLocaleString('en')}, four clients. Bar: 1.3.\n`,
    '| work | p50 small | p50 large | ratio | p99 small | p99 large | ratio |\n|---|---|---|---|---|---|---|',
    ...lines.map(
      ({ work, smallP50, largeP50, smallP99, largeP99 }) =>
        `| ${work} | ${smallP50.toFixed(2)} | ${largeP50.toFixed(2)} | **${(largeP50 / smallP50).toFixed(2)}** | ${smallP99.toFixed(2)} | ${largeP99.toFixed(2)} | **${(largeP99 / smallP99).toFixed(2)}** |`,
    ),
    '\nFrom the start to ready. Bar: half a second more than `node -e 0`.\n',
    '| data | node -e 0, ms | ready, ms | more |\n|---|---|---|---|',
    `| empty | ${start.nodeMs.toFixed(0)} | ${start.readyMs.toFixed(0)} | **${(start.readyMs - start.nodeMs).toFixed(0)}** |`,
    `| ${rows.toLocaleString('en')} rows | ${nodeMs.toFixed(0)} | ${startMs.toFixed(0)} | **${(startMs - nodeMs).toFixed(0)}** |`,
  ].join('\n');
}
