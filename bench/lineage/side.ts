/**
 * One side of the comparison in a process of its own. Arguments: side (`store`, `bare`), folder, runs. The bare one does what
 * bench/support/reference-server.ts does with a body: hash, open, write, flush, link, unlink, flush the folder.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { timestamp } from '#kit/time.ts';
import { memory } from '../support/process-figures.ts';

const [side = '', folder = '', count = '0'] = process.argv.slice(2);
const runs = Number(count);
const atOnce = 32;
const recordBytes = 4096;

type Put = (n: number) => Promise<void>;

async function store(): Promise<{ put: Put; close: () => Promise<void> }> {
  const log = { warn: () => undefined, error: () => undefined };
  const opened = await openFolderRunStore({ dataDir: `${folder}/runs`, log });
  // With what else is in a record it is about the size that is meant.
  const artifact = JSON.stringify({ text: 'x'.repeat(recordBytes - 150) });
  return {
    async put(n) {
      const run = { organization: 'acme', project: 'shop', service: 'api', run_id: `run-${n}`, artifact };
      await opened.put(run, timestamp(Date.now()));
    },
    close: () => opened.close(),
  };
}

async function bare(): Promise<{ put: Put; close: () => Promise<void> }> {
  await mkdir(`${folder}/staging`, { recursive: true });
  await mkdir(`${folder}/blobs`, { recursive: true });
  const body = Buffer.alloc(recordBytes, 'x');
  return {
    async put(n) {
      createHash('sha256').update(body).digest('hex');
      const staged = `${folder}/staging/${n}`;
      const file = await open(staged, 'wx');
      await file.write(body);
      await file.sync();
      await file.close();
      await link(staged, `${folder}/blobs/${n}`);
      await unlink(staged);
      const directory = await open(`${folder}/blobs`, 'r');
      await directory.sync();
      await directory.close();
    },
    close: async () => undefined,
  };
}

async function drive(put: Put, from: number, to: number): Promise<number[]> {
  const latencies: number[] = [];
  let next = from;
  const lane = async () => {
    for (let n = next++; n < to; n = next++) {
      const began = performance.now();
      await put(n);
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return latencies.sort((a, b) => a - b);
}

const { close, put } = await (side === 'store' ? store() : bare());
const warmUp = Math.ceil(runs / 10);
await drive(put, 0, warmUp);
const began = performance.now();
const before = process.cpuUsage();
const latencies = await drive(put, warmUp, warmUp + runs);
const seconds = (performance.now() - began) / 1000;
const cpu = process.cpuUsage(before);
await close();
const at = (q: number) => latencies[Math.floor(latencies.length * q)] ?? Number.NaN;
const figures = {
  perSecond: runs / seconds,
  cpuMs: (cpu.user + cpu.system) / 1000 / runs,
  p50: at(0.5),
  p99: at(0.99),
  peakMiB: memory(process.pid).peak / 2 ** 20,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
