/** How much memory grows under large uploads and downloads at once. `node bench/memory.ts` */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { scratchFolder } from '../test/support/server.ts';
import { fill } from './bundle.ts';
import { memory, resetPeak } from './support/process-figures.ts';
import { type Ours, startOurs } from './support/servers.ts';

export interface MemoryFigures {
  work: string;
  /** Resident before, and the most during the work. MiB. */
  idleMiB: number;
  peakMiB: number;
}

export async function measureMemory(options: {
  uploads: number;
  uploadMiB: number;
  downloads: number;
  bundleMiB: number;
}) {
  const folder = scratchFolder('bench');
  const ours = await startOurs(folder.path);
  await fill(ours, options.bundleMiB);
  const uploads = await during(ours, `${options.uploads} uploads of ${options.uploadMiB} MiB at once`, () =>
    uploadAtOnce(ours, options.uploads, options.uploadMiB),
  );
  const downloads = await during(
    ours,
    `${options.downloads} bundle downloads of ${options.bundleMiB} MiB at once`,
    () => Promise.all(Array.from({ length: options.downloads }, () => downloadBundle(ours))),
  );
  await ours.stop();
  folder.remove();
  return [uploads, downloads];
}

async function during(ours: Ours, work: string, run: () => Promise<unknown>): Promise<MemoryFigures> {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  resetPeak(ours.pid, writeFileSync);
  const idle = memory(ours.pid).now;
  await run();
  return { work, idleMiB: idle / 2 ** 20, peakMiB: memory(ours.pid).peak / 2 ** 20 };
}

/** Each body is one block sent again and again, so that the client holds no more than the server should. */
async function uploadAtOnce(ours: Ours, count: number, mebibytes: number): Promise<void> {
  const block = randomBytes(1 << 20);
  const hash = createHash('sha256');
  for (let i = 0; i < mebibytes; i++) hash.update(block);
  const digest = hash.digest('base64');
  const stream = (await ours.api.call('POST', `/v1/incidents/${ours.incident}/streams`, { media_type: 'video' })).body
    .stream.id;
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      put(ours, `/v1/incidents/${ours.incident}/streams/${stream}/chunks/${n + 1}`, block, mebibytes, digest),
    ),
  );
}

function put(ours: Ours, path: string, block: Buffer, times: number, digest: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const upload = request(
      {
        port: ours.port,
        path,
        method: 'PUT',
        headers: {
          authorization: `Bearer ${ours.api.token}`,
          'repr-digest': `sha-256=:${digest}:`,
          'proofline-started-at': '2026-01-01T00:00:00Z',
          'proofline-ended-at': '2026-01-01T00:00:02Z',
          'content-length': block.length * times,
        },
      },
      (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    upload.on('error', reject);
    let sent = 0;
    const more = () => {
      while (sent < times) {
        sent += 1;
        if (!upload.write(block)) {
          upload.once('drain', more);
          return;
        }
      }
      upload.end();
    };
    more();
  });
}

function downloadBundle(ours: Ours): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${ours.api.token}` };
    const path = `/v1/incidents/${ours.incident}/streams/${ours.stream}/download`;
    get({ port: ours.port, path, headers }, (response) => {
      response.on('data', () => undefined);
      response.on('end', () => (response.complete ? resolve() : reject(new Error('the download broke off'))));
      response.on('error', reject);
    }).on('error', reject);
  });
}

if (import.meta.main) {
  const figures = await measureMemory({ uploads: 64, uploadMiB: 64, downloads: 8, bundleMiB: 1024 });
  for (const { work, idleMiB, peakMiB } of figures)
    process.stdout.write(
      `${work}: idle ${idleMiB.toFixed(0)} MiB, peak ${peakMiB.toFixed(0)}, grown ${(peakMiB - idleMiB).toFixed(0)}\n`,
    );
}
