/** Uploads against the bare durable write, alternating, on the same disk. `node bench/chunks.ts [put|form|large …]` */
import { randomBytes } from 'node:crypto';
import { sha256 } from '../test/support/api.ts';
import { scratchFolder } from '../test/support/server.ts';
import { applyLoad, type LoadResult, quantile } from './support/load.ts';
import { cpuMilliseconds, median, memory } from './support/process-figures.ts';
import { type Measured, type Ours, startOurs, startReference } from './support/servers.ts';

interface Work {
  title: string;
  bodyBytes: number;
  connections: number;
  requests: number;
  form: boolean;
  bar: number;
}

export const works = {
  put: {
    title: 'chunks of 64 KiB, 32 at once, PUT',
    bodyBytes: 65_536,
    connections: 32,
    requests: 4_000,
    form: false,
    bar: 0.9,
  },
  form: {
    title: 'chunks of 64 KiB, 32 at once, form',
    bodyBytes: 65_536,
    connections: 32,
    requests: 4_000,
    form: true,
    bar: 0.75,
  },
  large: {
    title: 'chunks of 4 MiB, 8 at once, PUT',
    bodyBytes: 4 << 20,
    connections: 8,
    requests: 160,
    form: false,
    bar: 0.9,
  },
} satisfies Record<string, Work>;

export interface Side {
  perSecond: number;
  cpuMs: number;
  p50: number;
  p99: number;
  peakMiB: number;
}

export interface Comparison {
  title: string;
  bar: number;
  rounds: number;
  ours: Side;
  reference: Side;
  /** Of the medians of requests a second. */
  ratio: number;
  cpuRatio: number;
}

export async function compareChunks(work: Work, rounds = 5): Promise<Comparison> {
  const sides: Record<Measured['name'], Side[]> = { ours: [], reference: [] };
  for (let round = 0; round < rounds; round++) {
    // Fresh folders each round, and nothing is deleted before the end: a filesystem that deletes in bulk is slow afterwards.
    const folder = scratchFolder('bench');
    const ours = await startOurs(folder.path);
    const reference = await startReference(`${folder.path}/reference`);
    for (const server of round % 2 === 0 ? [ours, reference] : [reference, ours]) {
      sides[server.name].push(await measure(work, server));
    }
    await ours.stop();
    await reference.stop();
    leftBehind.push(folder.remove);
  }
  const [ours, reference] = [medians(sides.ours), medians(sides.reference)];
  const { title, bar } = work;
  return {
    title,
    bar,
    rounds,
    ours,
    reference,
    ratio: ours.perSecond / reference.perSecond,
    cpuRatio: ours.cpuMs / reference.cpuMs,
  };
}

const leftBehind: (() => void)[] = [];

export function removeBenchFolders(): void {
  for (const remove of leftBehind.splice(0)) remove();
}

async function measure(work: Work, server: Measured): Promise<Side> {
  const body = randomBytes(work.bodyBytes);
  const request = 'api' in server ? ourRequest(server as Ours, work, body) : referenceRequest(body);
  const run = (requests: number, from: number) =>
    applyLoad({
      port: server.port,
      connections: work.connections,
      requests,
      request: (n) => request(from + n),
      expectedStatus: 201,
    });
  const warmUp = Math.ceil(work.requests / 10);
  await run(warmUp, 0);
  const before = cpuMilliseconds(server.pid);
  const result: LoadResult = await run(work.requests, warmUp);
  return {
    perSecond: work.requests / result.seconds,
    cpuMs: (cpuMilliseconds(server.pid) - before) / work.requests,
    p50: quantile(result.latencies, 0.5),
    p99: quantile(result.latencies, 0.99),
    peakMiB: memory(server.pid).peak / 2 ** 20,
  };
}

function medians(sides: readonly Side[]): Side {
  const of = (pick: (side: Side) => number) => median(sides.map(pick));
  return {
    perSecond: of((side) => side.perSecond),
    cpuMs: of((side) => side.cpuMs),
    p50: of((side) => side.p50),
    p99: of((side) => side.p99),
    peakMiB: of((side) => side.peakMiB),
  };
}

function ourRequest({ api, incident, stream }: Ours, work: Work, body: Buffer): (n: number) => Buffer[] {
  const digest = sha256(body);
  const common = `Host: bench\r\nAuthorization: Bearer ${api.token}\r\n`;
  if (!work.form) {
    const headers = `${common}Repr-Digest: sha-256=:${digest.toString('base64')}:\r\nProofline-Started-At: 2026-01-01T00:00:00Z\r\nProofline-Ended-At: 2026-01-01T00:00:02Z\r\nContent-Length: ${body.length}\r\n\r\n`;
    return (n) => [
      Buffer.from(
        `PUT /v1/incidents/${incident}/streams/${stream}/chunks/${n + 1} HTTP/1.1\r\nIdempotency-Key: key-${n}\r\n${headers}`,
      ),
      body,
    ];
  }
  const boundary = 'proofline-bench-boundary';
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="c.enc"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const field = (name: string, value: string) =>
    `\r\n--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
  return (n) => {
    const tail = Buffer.from(
      field('stream_id', stream) +
        field('chunk_index', String(n + 1)) +
        field('media_type', 'video') +
        field('started_at', '2026-01-01T00:00:00Z') +
        field('ended_at', '2026-01-01T00:00:02Z') +
        field('sha256_hex', digest.toString('hex')) +
        `\r\n--${boundary}--\r\n`,
    );
    const length = head.length + body.length + tail.length;
    const start = `POST /v1/incidents/${incident}/chunks HTTP/1.1\r\nIdempotency-Key: key-${n}\r\n${common}Content-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${length}\r\n\r\n`;
    return [Buffer.from(start), head, body, tail];
  };
}

function referenceRequest(body: Buffer): (n: number) => Buffer[] {
  const headers = Buffer.from(`PUT /x HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n\r\n`);
  return () => [headers, body];
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  for (const [name, work] of Object.entries(works)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const { title, ours, reference, ratio, cpuRatio } = await compareChunks(work);
    const line = (side: Side) =>
      `${side.perSecond.toFixed(0)}/s  cpu ${side.cpuMs.toFixed(2)} ms  p50 ${side.p50.toFixed(1)}  p99 ${side.p99.toFixed(1)}  peak ${side.peakMiB.toFixed(0)} MiB`;
    process.stdout.write(
      `${title}\n  ours       ${line(ours)}\n  reference  ${line(reference)}\n  ratio ${ratio.toFixed(2)}, cpu ${cpuRatio.toFixed(2)} (bar ${work.bar})\n`,
    );
  }
  removeBenchFolders();
}
