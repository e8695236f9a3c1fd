/** Uploads on PostgreSQL, S3 and Valkey against a bare server on the same backends, alternating. `node bench/cluster.ts [spread|account|stream …]` */
import { type BackendCpu, type Backends, backendCpu, backendNames, startBackends } from './cluster/backends.ts';
import { type Layout, layouts, type Side, startBareSide, startOurSide } from './cluster/sides.ts';
import { countOnTheWire, type WireCost } from './cluster/wire-cost.ts';
import { applyLoad, quantile } from './support/load.ts';
import { cpuMilliseconds, median, memory } from './support/process-figures.ts';

export const clusterBar = 0.85;
const connections = 32;

export interface SideFigures {
  perSecond: number;
  p50: number;
  p99: number;
  peakMiB: number;
  /** Milliseconds of CPU a chunk. */
  cpu: BackendCpu & { node: number };
}

export interface ClusterComparison {
  layout: Layout;
  ours: SideFigures;
  reference: SideFigures;
  ratio: number;
}

export interface ClusterFigures {
  comparisons: ClusterComparison[];
  wire: WireCost;
}

export async function measureCluster(requests = 2_000, rounds = 5): Promise<ClusterFigures> {
  const backends = await startBackends();
  try {
    const comparisons = await compareCluster(backends, ['spread', 'account', 'stream'], requests, rounds);
    return { comparisons, wire: await countOnTheWire(backends, 'spread') };
  } finally {
    await backends.stop();
  }
}

export async function compareCluster(
  backends: Backends,
  asked: readonly Layout[],
  requests = 2_000,
  rounds = 5,
): Promise<ClusterComparison[]> {
  const ours = await startOurSide(backends);
  const reference = await startBareSide(backends);
  const comparisons: ClusterComparison[] = [];
  for (const layout of asked) {
    const figures: Record<Side['name'], SideFigures[]> = { ours: [], reference: [] };
    for (const side of [ours, reference]) await load(side, layout, Math.ceil(requests / 4));
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? [ours, reference] : [reference, ours])
        figures[side.name].push(await measure(backends, side, layout, requests));
    }
    const [own, bare] = [medians(figures.ours), medians(figures.reference)];
    comparisons.push({ layout, ours: own, reference: bare, ratio: own.perSecond / bare.perSecond });
  }
  await ours.stop();
  await reference.stop();
  return comparisons;
}

const load = (side: Side, layout: Layout, requests: number) =>
  applyLoad({ port: side.port, connections, requests, request: () => side.request(layout), expectedStatus: 201 });

async function measure(backends: Backends, side: Side, layout: Layout, requests: number): Promise<SideFigures> {
  const cpu = async () => ({ node: cpuMilliseconds(side.pid), ...(await backendCpu(backends)) });
  const before = await cpu();
  const { latencies, seconds } = await load(side, layout, requests);
  const after = await cpu();
  const spent = (name: keyof typeof after) => (after[name] - before[name]) / requests;
  return {
    perSecond: requests / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    peakMiB: memory(side.pid).peak / 2 ** 20,
    cpu: { node: spent('node'), postgresql: spent('postgresql'), s3: spent('s3'), valkey: spent('valkey') },
  };
}

function medians(rounds: readonly SideFigures[]): SideFigures {
  const of = (pick: (figures: SideFigures) => number) => median(rounds.map(pick));
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    peakMiB: of(({ peakMiB }) => peakMiB),
    cpu: {
      node: of(({ cpu }) => cpu.node),
      postgresql: of(({ cpu }) => cpu.postgresql),
      s3: of(({ cpu }) => cpu.s3),
      valkey: of(({ cpu }) => cpu.valkey),
    },
  };
}

/** For docs/performance.md. */
export function clusterSection({ comparisons, wire }: ClusterFigures): string {
  const cpuOf = (side: SideFigures) =>
    ['node' as const, ...backendNames].map((name) => side.cpu[name].toFixed(2)).join(' / ');
  const { postgresql, s3, valkey } = wire;
  return [
    `Chunks of 64 KiB, ${connections} at once, PUT, on PostgreSQL, S3 (Ceph's gateway) and Valkey. Reference: a bare \`node:http\` server that makes one PutObject with the plain SDK and one INSERT. Bar: ${clusterBar}. CPU a chunk: node / PostgreSQL / S3 / Valkey.\n`,
    '| who records | ours/s | reference/s | ratio | CPU ms, ours | reference | p50 ms, ours | reference | p99 ms, ours | reference |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...comparisons.map(
      ({ layout, ours, reference, ratio }) =>
        `| ${layouts[layout].title} | ${ours.perSecond.toFixed(0)} | ${reference.perSecond.toFixed(0)} | **${ratio.toFixed(2)}** | ${cpuOf(ours)} | ${cpuOf(reference)} | ${ours.p50.toFixed(0)} | ${reference.p50.toFixed(0)} | ${ours.p99.toFixed(0)} | ${reference.p99.toFixed(0)} |`,
    ),
    '\nOn the wire, a chunk:\n',
    '| | round trips | requests | bytes out | bytes in | |',
    '|---|---|---|---|---|---|',
    `| PostgreSQL | ${postgresql.turns.toFixed(1)} | ${postgresql.statements.toFixed(1)} statements | ${postgresql.bytesOut.toFixed(0)} | ${postgresql.bytesIn.toFixed(0)} | ${postgresql.walBytes.toFixed(0)} bytes of WAL |`,
    `| S3 | | ${s3.requests.toFixed(2)} | ${s3.bytesOut.toFixed(0)} | ${s3.bytesIn.toFixed(0)} | |`,
    `| Valkey | ${valkey.turns.toFixed(1)} | ${valkey.commands.toFixed(1)} scripts | ${valkey.bytesOut.toFixed(0)} | ${valkey.bytesIn.toFixed(0)} | |`,
  ].join('\n');
}

if (import.meta.main) {
  const asked = process.argv.slice(2).filter((name): name is Layout => name in layouts);
  const backends = await startBackends();
  try {
    const comparisons = await compareCluster(backends, asked.length === 0 ? ['spread', 'account', 'stream'] : asked);
    process.stdout.write(`${clusterSection({ comparisons, wire: await countOnTheWire(backends, 'spread') })}\n`);
  } finally {
    await backends.stop();
  }
}
