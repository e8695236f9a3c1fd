/** One side of the comparison in a process of its own: `side.ts <side> <rows> <directory>`; prints its figures as JSON. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { chunkRow, insertChunk, makeStreams } from './chunk-rows.ts';

const [side = '', count = '20000', directory = '.'] = process.argv.slice(2);
const rows = Number(count);
const atOnce = 128;
const path = join(directory, 'bench.db');
const metadata = await openSqlite({
  path,
  writerModule: new URL('./writer.thread.ts', import.meta.url),
  ...(side === 'thread-one-each' ? { maxGroup: 1 } : {}),
});
await metadata.write(makeStreams, undefined);

const latencies: number[] = [];
let run: (from: number, to: number) => Promise<void>;
if (side === 'direct-one-each') {
  await metadata.close();
  run = await direct(path);
} else {
  run = (from, to) => throughThread(metadata, from, to);
}

await run(0, 5000);
latencies.length = 0;
const groupsBefore = metadata.statistics().groups;
const cpuBefore = process.cpuUsage();
const started = performance.now();
await run(5000, 5000 + rows);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const groups = metadata.statistics().groups - groupsBefore;
latencies.sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({
    rowsPerSecond: rows / seconds,
    cpuMicrosecondsPerRow: (cpu.user + cpu.system) / rows,
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    max: latencies.at(-1) ?? 0,
    rowsPerGroup: groups === 0 ? 1 : rows / groups,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  })}\n`,
);
await metadata.close();

async function throughThread(to: Metadata, from: number, until: number): Promise<void> {
  let next = from;
  const writer = async () => {
    for (let n = next++; n < until; n = next++) {
      const before = performance.now();
      await to.write(insertChunk, chunkRow(n));
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
}

/** The plain way: a prepared INSERT in a transaction of its own, in the calling thread, every default but FULL. */
async function direct(file: string): Promise<typeof run> {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = FULL');
  const columns = Object.keys(chunkRow(0));
  const insert = database.prepare(
    `INSERT INTO chunks (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return async (from, until) => {
    for (let n = from; n < until; n++) {
      const before = performance.now();
      insert.run(...Object.values(chunkRow(n)));
      latencies.push(performance.now() - before);
    }
  };
}
