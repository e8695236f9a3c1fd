import { scratchFolder, startServer } from '../../test/support/server.ts';
import { applyLoad, quantile } from '../support/load.ts';
import { cpuMilliseconds, median, memory } from '../support/process-figures.ts';
import { type Measured, startReference } from '../support/servers.ts';

const recordBytes = 4096;
const connections = 32;
const token = 'token-of-the-bench';

export interface ServedFigures {
  perSecond: number;
  cpuMs: number;
  p50: number;
  p99: number;
  peakMiB: number;
}

/** The whole way over HTTP: the server of lineage on a folder, against the bare server that the uploads are measured against. */
export async function compareServed(
  rounds: number,
  requests: number,
): Promise<Record<Measured['name'], ServedFigures>> {
  const figures: Record<Measured['name'], ServedFigures[]> = { ours: [], reference: [] };
  const left: (() => void)[] = [];
  for (let round = 0; round < rounds; round++) {
    const folder = scratchFolder('bench-lineage');
    const [ours, reference] = [await startLineage(folder.path), await startReference(`${folder.path}/reference`)];
    for (const server of round % 2 === 0 ? [ours, reference] : [reference, ours])
      figures[server.name].push(await measure(server, requests));
    await ours.stop();
    await reference.stop();
    left.push(folder.remove);
  }
  // Not before the end: a filesystem that deletes in bulk is slow afterwards.
  for (const remove of left) remove();
  return { ours: medians(figures.ours), reference: medians(figures.reference) };
}

async function startLineage(dataDir: string): Promise<Measured> {
  const server = await startServer({
    dataDir,
    command: ['lineage', 'serve'],
    env: { STRICTURE_SERVER_AUTH_MODE: 'token', STRICTURE_SERVER_INGEST_TOKEN: token },
  });
  return { name: 'ours', port: Number(new URL(server.url).port), pid: server.pid, stop: server.stop };
}

async function measure({ name, pid, port }: Measured, requests: number): Promise<ServedFigures> {
  const request = name === 'ours' ? runRequest : bareRequest();
  const expectedStatus = name === 'ours' ? 202 : 201;
  const warmUp = Math.ceil(requests / 10);
  await applyLoad({ port, connections, requests: warmUp, request, expectedStatus });
  const before = cpuMilliseconds(pid);
  const { latencies, seconds } = await applyLoad({
    port,
    connections,
    requests,
    request: (n) => request(warmUp + n),
    expectedStatus,
  });
  return {
    perSecond: requests / seconds,
    cpuMs: (cpuMilliseconds(pid) - before) / requests,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    peakMiB: memory(pid).peak / 2 ** 20,
  };
}

/** About the size that is meant, once the server has added its own. */
function runRequest(n: number): Buffer[] {
  const names = { organization: 'acme', project: 'shop', service: 'api', run_id: `run-${n}`, commit_sha: 'c0ffee0' };
  const body = JSON.stringify({ ...names, artifact: { text: 'x'.repeat(recordBytes - 200) } });
  const head = `POST /v1/artifacts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return [Buffer.from(head + body)];
}

function bareRequest(): (n: number) => Buffer[] {
  const head = Buffer.from(`PUT /x HTTP/1.1\r\nHost: bench\r\nContent-Length: ${recordBytes}\r\n\r\n`);
  const body = Buffer.alloc(recordBytes, 'x');
  return () => [head, body];
}

function medians(rounds: readonly ServedFigures[]): ServedFigures {
  const of = (name: keyof ServedFigures) => median(rounds.map((one) => one[name]));
  return {
    perSecond: of('perSecond'),
    cpuMs: of('cpuMs'),
    p50: of('p50'),
    p99: of('p99'),
    peakMiB: of('peakMiB'),
  };
}
