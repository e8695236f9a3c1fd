/**
 * Everything that performance promises, measured on this machine, into docs/performance.md. Takes about twenty minutes.
 * `npm run bench`, or `npm run bench -- --quick` for a look without the large ones (nothing is written then).
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { missing } from '../test/support/needs.ts';
import { compareBundle } from './bundle.ts';
import { capturesSection, measureCaptures } from './captures.ts';
import { type Comparison, compareChunks, removeBenchFolders, works } from './chunks.ts';
import { clusterSizeSection, measureClusterSize } from './cluster/size.ts';
import { clusterSection, measureCluster } from './cluster.ts';
import { measureMemory } from './memory.ts';
import { measureRelay, relaySection } from './relay.ts';
import { measureSize } from './size.ts';
import { measureStart } from './start.ts';
import { freshFilesystem } from './support/fresh-filesystem.ts';

const quick = process.argv.includes('--quick');
// Bodies of all rounds stay, since a mass deletion would be measured along; ten million rows take 9 GiB, in either database. Sparse.
const disk = freshFilesystem(48 * 2 ** 30);
process.env.TMPDIR = disk.path;
const say = (text: string) => process.stdout.write(`${text}\n`);
const lines: string[] = [];

try {
  const chunks: Comparison[] = [];
  for (const work of Object.values(works)) {
    say(`measuring ${work.title} …`);
    chunks.push(await compareChunks(work));
  }
  lines.push(
    '## Uploads\n',
    'Reference: a bare `node:http` server on the promise API that stores each body durably, without a row and without asking who it is.\n',
    '| work | ours/s | reference/s | ratio | bar | CPU ms, ours | reference | p50 ms | p99 ms | peak MiB, ours | reference |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...chunks.map(
      ({ title, ours, reference, ratio, bar }) =>
        `| ${title} | ${ours.perSecond.toFixed(0)} | ${reference.perSecond.toFixed(0)} | **${ratio.toFixed(2)}** | ${bar} | ${ours.cpuMs.toFixed(2)} | ${reference.cpuMs.toFixed(2)} | ${ours.p50.toFixed(1)} | ${ours.p99.toFixed(1)} | ${ours.peakMiB.toFixed(0)} | ${reference.peakMiB.toFixed(0)} |`,
    ),
  );

  say('measuring a relay …');
  lines.push(relaySection(await measureRelay(quick ? 1 : 5)));

  const absent = missing('postgres', 'radosgw', 'valkey');
  if (absent.length > 0) lines.push(`\n## The cluster form\n\nNot measured here: needs ${absent.join(', ')}.`);
  else {
    say('measuring PostgreSQL, S3 and Valkey …');
    lines.push(clusterSection(await measureCluster(quick ? 300 : 2_000, quick ? 1 : 5)));
    say('measuring the cost of size on PostgreSQL …');
    lines.push(clusterSizeSection(await measureClusterSize(quick ? 200_000 : 10_000_000)));
  }

  say('measuring group commit …');
  const metadata = execFileSync(
    process.execPath,
    [fileURLToPath(new URL('./metadata.ts', import.meta.url)), disk.path],
    {
      encoding: 'utf8',
    },
  );
  lines.push(
    '\n## Metadata alone\n',
    'Chunk rows, each durable before it is answered. Bar: 8 × one INSERT a transaction.',
    metadata.trimEnd(),
  );

  say('measuring lineage …');
  const few = quick ? ['--rounds', '1', '--puts', '1000', '--runs', '20000'] : [];
  const lineage = execFileSync(process.execPath, [fileURLToPath(new URL('./lineage.ts', import.meta.url)), ...few], {
    encoding: 'utf8',
  });
  lines.push('\n## Lineage\n', lineage.trimEnd());

  say('measuring bundles …');
  const bundle = await compareBundle(quick ? 256 : 1024);
  lines.push(
    '\n## Bundles\n',
    `One bundle of ${bundle.megabytes} chunks of 1 MiB against one file of that size, streamed and hashed by a bare server. Bar: 0.8.\n`,
    '| | MB/s | CPU ms/MB | peak MiB |\n|---|---|---|---|',
    `| ours | ${bundle.ours.mbPerSecond.toFixed(0)} | ${bundle.ours.cpuMsPerMb.toFixed(2)} | ${bundle.ours.peakMiB.toFixed(0)} |`,
    `| reference | ${bundle.reference.mbPerSecond.toFixed(0)} | ${bundle.reference.cpuMsPerMb.toFixed(2)} | ${bundle.reference.peakMiB.toFixed(0)} |`,
    `\nRatio **${bundle.ratio.toFixed(2)}**.`,
  );

  say('measuring memory …');
  const memory = await measureMemory(
    quick
      ? { uploads: 16, uploadMiB: 16, downloads: 4, bundleMiB: 64 }
      : { uploads: 64, uploadMiB: 64, downloads: 8, bundleMiB: 1024 },
  );
  lines.push(
    '\n## Memory\n',
    'Resident memory of the server. Bar: 64 MiB more than idle.\n',
    '| work | idle MiB | peak MiB | grown |\n|---|---|---|---|',
    ...memory.map(
      ({ work, idleMiB, peakMiB }) =>
        `| ${work} | ${idleMiB.toFixed(0)} | ${peakMiB.toFixed(0)} | **${(peakMiB - idleMiB).toFixed(0)}** |`,
    ),
  );

  say('measuring the cost of size …');
  const size = await measureSize(quick ? 200_000 : 10_000_000);
  const start = await measureStart();
  lines.push(
    '\n## Size\n',
    `${size.rows.toLocaleString('en')} chunk rows (a database of ${size.databaseMiB.toFixed(0)} MiB) against ${size.smallRows.toLocaleString('en')}, four clients. Bar: 1.3.\n`,
    '| work | p50 small | p50 large | ratio | p99 small | p99 large | ratio |\n|---|---|---|---|---|---|---|',
    ...size.lines.map(
      ({ work, smallP50, largeP50, smallP99, largeP99 }) =>
        `| ${work} | ${smallP50.toFixed(2)} | ${largeP50.toFixed(2)} | **${(largeP50 / smallP50).toFixed(2)}** | ${smallP99.toFixed(2)} | ${largeP99.toFixed(2)} | **${(largeP99 / smallP99).toFixed(2)}** |`,
    ),
    '\n## Start to ready\n',
    'Bar: half a second more than `node -e 0`.\n',
    '| data | node -e 0, ms | ready, ms | more |\n|---|---|---|---|',
    `| empty | ${start.nodeMs.toFixed(0)} | ${start.readyMs.toFixed(0)} | **${(start.readyMs - start.nodeMs).toFixed(0)}** |`,
    `| ${size.rows.toLocaleString('en')} rows | ${size.nodeMs.toFixed(0)} | ${size.startMs.toFixed(0)} | **${(size.startMs - size.nodeMs).toFixed(0)}** |`,
  );
  say('measuring the resolution of an hour …');
  lines.push(capturesSection(await measureCaptures(quick ? 20_000 : 10_000_000)));
  removeBenchFolders();
  const head = [
    '# Performance\n',
    '<!-- Written by `npm run bench`. Do not edit. -->\n',
    'Machines are noisy; only ratios count. Each comparison runs both sides in turn, five rounds or more, and shows medians.\n',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.versions.node}, on ${disk.description}. Client and servers share the machine.\n`,
  ];
  const report = `${[...head, ...lines].join('\n')}\n`;
  if (quick) say(report);
  else writeFileSync(new URL('../docs/performance.md', import.meta.url), report);
} finally {
  disk.release();
}
