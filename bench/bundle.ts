/** Download of a bundle against one file of the same size, streamed and hashed by a bare server. `node bench/bundle.ts [megabytes]` */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { scratchFolder } from '../test/support/server.ts';
import { cpuMilliseconds, median, memory } from './support/process-figures.ts';
import { type Ours, startOurs, startReference } from './support/servers.ts';

export interface BundleComparison {
  megabytes: number;
  rounds: number;
  ours: { mbPerSecond: number; cpuMsPerMb: number; peakMiB: number };
  reference: { mbPerSecond: number; cpuMsPerMb: number; peakMiB: number };
  ratio: number;
}

const chunkBytes = 1 << 20;

export async function compareBundle(megabytes: number, rounds = 5): Promise<BundleComparison> {
  const folder = scratchFolder('bench');
  const file = join(folder.path, 'one.bin');
  const ours = await startOurs(join(folder.path, 'ours'));
  await fill(ours, megabytes);
  writeFileSync(file, '');
  for (let i = 0; i < megabytes; i++) writeFileSync(file, randomBytes(chunkBytes), { flag: 'a' });
  const reference = await startReference(folder.path, file);
  const path = `/v1/incidents/${ours.incident}/streams/${ours.stream}/download`;
  const sides = { ours: [] as Figures[], reference: [] as Figures[] };
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? (['ours', 'reference'] as const) : (['reference', 'ours'] as const)) {
      const server = name === 'ours' ? ours : reference;
      sides[name].push(
        await download(server.port, server.pid, name === 'ours' ? path : '/', name === 'ours' ? ours.api.token : ''),
      );
    }
  }
  const summary = (figures: Figures[], pid: number) => ({
    mbPerSecond: median(figures.map(({ mbPerSecond }) => mbPerSecond)),
    cpuMsPerMb: median(figures.map(({ cpuMsPerMb }) => cpuMsPerMb)),
    peakMiB: memory(pid).peak / 2 ** 20,
  });
  const result = { ours: summary(sides.ours, ours.pid), reference: summary(sides.reference, reference.pid) };
  await ours.stop();
  await reference.stop();
  folder.remove();
  return { megabytes, rounds, ...result, ratio: result.ours.mbPerSecond / result.reference.mbPerSecond };
}

/** Uploads a stream of that many chunks of one megabyte and completes it. */
export async function fill(ours: Ours, megabytes: number): Promise<void> {
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let index = lane + 1; index <= megabytes; index += 4) {
      const answer = await ours.api.putChunk(ours.incident, ours.stream, index, randomBytes(chunkBytes));
      if (answer.status !== 201) throw new Error(`chunk ${index} was answered ${answer.status}`);
    }
  });
  await Promise.all(lanes);
  const path = `/v1/incidents/${ours.incident}/streams/${ours.stream}/complete`;
  const done = await ours.api.call('POST', path, { expected_chunk_count: megabytes });
  if (done.status !== 200) throw new Error(`completion was answered ${done.status}`);
}

interface Figures {
  mbPerSecond: number;
  cpuMsPerMb: number;
}

function download(port: number, pid: number, path: string, token: string): Promise<Figures> {
  const cpuBefore = cpuMilliseconds(pid);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get({ port, path, headers: token === '' ? {} : { authorization: `Bearer ${token}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        const megabytes = bytes / 2 ** 20;
        resolve({
          mbPerSecond: megabytes / ((performance.now() - started) / 1000),
          cpuMsPerMb: (cpuMilliseconds(pid) - cpuBefore) / megabytes,
        });
      });
    }).on('error', reject);
  });
}

if (import.meta.main) {
  const { ours, reference, ratio } = await compareBundle(Number(process.argv[2] ?? 1024));
  process.stdout.write(`${JSON.stringify({ ours, reference, ratio }, null, 2)}\n`);
}
