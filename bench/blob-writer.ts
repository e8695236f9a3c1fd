/**
 * The local blob store against the promise API, file by file: the same bodies, the same disk, one process each, in turn.
 *
 *   node bench/blob-writer.ts [--rounds 5] [--dir <folder on the disk to measure>] [--keep]
 *
 * The reference opens, writes, flushes, links, unlinks and flushes the folder; it neither hashes nor counts nor refuses anything.
 * Every round has fresh folders, and nothing is deleted before the last one: ext4 makes files slowly after a mass deletion. It
 * needs about 10 GB, given back at the end unless --keep is set.
 */
import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, open, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';

interface Load {
  name: string;
  bodyBytes: number;
  bodies: number;
  atOnce: number;
}

interface Measured {
  perSecond: number;
  cpuMsPerBody: number;
  peakMb: number;
}

type Put = (path: string, body: Readable) => Promise<void>;

const loads: Load[] = [
  { name: '64 KiB, 32 at once', bodyBytes: 65_536, bodies: 3000, atOnce: 32 },
  { name: '64 KiB and an envelope, 32 at once', bodyBytes: 65_536 + 412, bodies: 3000, atOnce: 32 },
  { name: '4 MiB, 8 at once', bodyBytes: 4 * 1024 * 1024, bodies: 100, atOnce: 8 },
];

async function ours(dataDir: string, load: Load): Promise<{ put: Put; close: () => Promise<void> }> {
  const store = await openLocalBlobStore({ dataDir, stagingQuotaBytes: 2 ** 30, maxBodyBytes: 2 ** 28 });
  const limits = { maxBytes: 2 ** 28, declaredBytes: load.bodyBytes };
  return {
    async put(path, body) {
      const staged = await store.staging.receive(body, limits);
      await store.commit(path, staged);
    },
    close: () => store.close(),
  };
}

async function reference(dataDir: string, load: Load): Promise<{ put: Put; close: () => Promise<void> }> {
  await mkdir(`${dataDir}/staging`, { recursive: true });
  for (let i = 0; i < load.atOnce; i++) await mkdir(`${dataDir}/blobs/inc_${i}/str_${i}`, { recursive: true });
  let last = 0;
  return {
    async put(path, body) {
      const bytes = await buffer(body);
      last += 1;
      const staged = `${dataDir}/staging/${last}`;
      const file = await open(staged, 'wx', 0o600);
      await file.write(bytes);
      await file.sync();
      await file.close();
      const final = `${dataDir}/blobs/${path}`;
      await link(staged, final);
      await unlink(staged);
      const folder = await open(join(final, '..'), 'r');
      await folder.sync();
      await folder.close();
    },
    close: async () => undefined,
  };
}

/** One body in pieces of 64 KiB, each in a later turn, as a socket brings them. */
function bodyOf(bytes: Buffer): Readable {
  let at = 0;
  return new Readable({
    highWaterMark: 65_536,
    read() {
      setImmediate(() => {
        this.push(bytes.subarray(at, at + 65_536));
        at += 65_536;
        if (at >= bytes.length) this.push(null);
      });
    },
  });
}

async function drive(put: Put, load: Load, bodies: number, firstName: number): Promise<void> {
  const bytes = Buffer.alloc(load.bodyBytes, 'proofline');
  let next = firstName;
  async function sender(own: number): Promise<void> {
    for (let i = next++; i < firstName + bodies; i = next++) {
      await put(`inc_${own}/str_${own}/${String(i).padStart(6, '0')}`, bodyOf(bytes));
    }
  }
  await Promise.all(Array.from({ length: load.atOnce }, (_, own) => sender(own)));
}

async function measure(design: string, dataDir: string, load: Load): Promise<Measured> {
  const { close, put } = await (design === 'ours' ? ours(dataDir, load) : reference(dataDir, load));
  const warmUp = Math.ceil(load.bodies / 10);
  await drive(put, load, warmUp, 0);
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  await drive(put, load, load.bodies, warmUp);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await close();
  return {
    perSecond: load.bodies / seconds,
    cpuMsPerBody: (cpu.user + cpu.system) / 1000 / load.bodies,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function inOwnProcess(design: string, dataDir: string, load: number): Measured {
  const args = [import.meta.filename, '--child', design, '--dir', dataDir, '--load', String(load)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  // Written by the child below, from this same file.
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env })) as Measured;
}

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    dir: { type: 'string', default: tmpdir() },
    keep: { type: 'boolean', default: false },
    child: { type: 'string' },
    load: { type: 'string' },
  },
});

if (args.child !== undefined) {
  const load = loads[Number(args.load)];
  if (load === undefined) throw new Error('no such load');
  process.stdout.write(JSON.stringify(await measure(args.child, args.dir, load)));
} else {
  const base = await mkdtemp(join(args.dir, 'proofline-bench-'));
  for (const [index, load] of loads.entries()) {
    if (args.load !== undefined && Number(args.load) !== index) continue;
    const results: Record<'ours' | 'reference', Measured[]> = { ours: [], reference: [] };
    for (let round = 0; round < Number(args.rounds); round++) {
      // Each goes first in every other round.
      const order = round % 2 === 0 ? (['ours', 'reference'] as const) : (['reference', 'ours'] as const);
      for (const design of order)
        results[design].push(inOwnProcess(design, `${base}/${index}-${design}-${round}`, index));
    }
    process.stdout.write(`${load.name}\n`);
    for (const key of ['perSecond', 'cpuMsPerBody', 'peakMb'] as const) {
      const [our, their] = [median(results.ours.map((m) => m[key])), median(results.reference.map((m) => m[key]))];
      process.stdout.write(
        `  ${key.padEnd(14)} ours ${our.toFixed(2).padStart(9)}   reference ${their.toFixed(2).padStart(9)}   ratio ${(our / their).toFixed(2)}\n`,
      );
    }
  }
  if (!args.keep) await rm(base, { recursive: true });
}
