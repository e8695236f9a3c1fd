/** The same uploads straight and through a relay, in turn, at the same rate, on one server: what each chunk costs the processes. `node bench/relay.ts` */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { newRelayKey, writeKeySet } from '../test/relay/support/relay-keys.ts';
import { startRelay } from '../test/relay/support/relay-process.ts';
import { openStream, sha256 } from '../test/support/api.ts';
import { scratchFolder, type TestServer } from '../test/support/server.ts';
import { applyLoad, quantile } from './support/load.ts';
import { cpuMilliseconds, median, memory } from './support/process-figures.ts';
import { type Ours, startOurs } from './support/servers.ts';

/** At a rate that both ways can hold: where fewer arrive at once, fewer share a flush, and each costs more. */
const works = [
  { title: '64 KiB, 250 a second', bodyBytes: 65_536, connections: 16, requests: 1_500, perSecond: 250 },
  { title: '1 MiB, 50 a second', bodyBytes: 1 << 20, connections: 8, requests: 300, perSecond: 50 },
];
type Work = (typeof works)[number];
const ways = ['straight', 'through'] as const;

interface Cost {
  /** Milliseconds of processor a chunk. */
  coreMs: number;
  relayMs: number;
  /** Milliseconds. */
  p50: number;
}

export interface RelayCost {
  lines: ({ title: string } & Record<(typeof ways)[number], Cost>)[];
  relayPeakMiB: number;
}

interface Pair {
  core: Ours;
  relay: TestServer;
}

export async function measureRelay(rounds: number): Promise<RelayCost> {
  const folder = scratchFolder('bench-relay');
  const key = await newRelayKey('bench');
  writeKeySet(`${folder.path}/relays.json`, [key]);
  writeFileSync(`${folder.path}/key.jwk`, JSON.stringify(key.privateJwk), { mode: 0o600 });
  const core = await startOurs(`${folder.path}/core`, true, {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: `${folder.path}/relays.json`,
    SAFE_RELAY_URL: 'http://127.0.0.1:8082',
    SAFE_RELAY_CAPABILITY_TTL: '2h',
  });
  const relay = await startRelay({
    folder: `${folder.path}/relay`,
    coreUrl: core.relayApiUrl,
    env: {
      SAFE_RELAY_STATIC_TOKEN: '',
      SAFE_RELAY_PRIVATE_KEY_FILE: `${folder.path}/key.jwk`,
      SAFE_RELAY_MAX_UPLOADS_PER_CLIENT: '64',
    },
  });
  const lines: RelayCost['lines'] = [];
  for (const work of works) {
    const costs: Record<(typeof ways)[number], Cost[]> = { straight: [], through: [] };
    for (let round = 0; round < rounds; round++)
      for (const way of round % 2 === 0 ? ways : ways.toReversed())
        costs[way].push(await measure({ core, relay }, work, way));
    lines.push({ title: work.title, straight: middle(costs.straight), through: middle(costs.through) });
  }
  const relayPeakMiB = memory(relay.pid).peak / 2 ** 20;
  await relay.stop();
  await core.stop();
  folder.remove();
  return { lines, relayPeakMiB };
}

function middle(costs: readonly Cost[]): Cost {
  const of = (pick: (cost: Cost) => number) => median(costs.map(pick));
  return { coreMs: of(({ coreMs }) => coreMs), relayMs: of(({ relayMs }) => relayMs), p50: of(({ p50 }) => p50) };
}

async function measure({ core, relay }: Pair, work: Work, way: (typeof ways)[number]): Promise<Cost> {
  const stream = await openStream(core.api, core.incident);
  const path = `/v1/incidents/${core.incident}/streams/${stream}`;
  const made = await core.api.call('POST', `${path}/relay-capabilities`, { kind: 'upload' });
  const body = randomBytes(work.bodyBytes);
  const through = way === 'through';
  const headers = `Host: bench\r\nAuthorization: Bearer ${through ? made.body.token : core.api.token}\r\nRepr-Digest: sha-256=:${sha256(body).toString('base64')}:\r\nProofline-Started-At: 2026-01-01T00:00:00Z\r\nProofline-Ended-At: 2026-01-01T00:00:02Z\r\nContent-Length: ${body.length}\r\n\r\n`;
  const run = (requests: number, from: number) =>
    applyLoad({
      port: through ? Number(new URL(relay.url).port) : core.port,
      connections: work.connections,
      requests,
      request: (n) => {
        const line = `PUT ${through ? '/relay' : ''}${path}/chunks/${from + n + 1} HTTP/1.1\r\nIdempotency-Key: ${stream}-${from + n}\r\n`;
        return [Buffer.from(line + headers), body];
      },
      expectedStatus: 201,
      perSecond: work.perSecond,
    });
  const warmUp = Math.ceil(work.requests / 10);
  await run(warmUp, 0);
  const before = [cpuMilliseconds(core.pid), cpuMilliseconds(relay.pid)] as const;
  const { seconds, latencies } = await run(work.requests, warmUp);
  const perSecond = work.requests / seconds;
  if (perSecond < 0.9 * work.perSecond) throw new Error(`${way}: ${perSecond.toFixed(0)} a second is not the rate`);
  return {
    coreMs: (cpuMilliseconds(core.pid) - before[0]) / work.requests,
    relayMs: (cpuMilliseconds(relay.pid) - before[1]) / work.requests,
    p50: quantile(latencies, 0.5),
  };
}

/** For docs/performance.md. */
export function relaySection({ lines, relayPeakMiB }: RelayCost): string {
  return [
    'The same chunks, straight to the server and through a relay, at the same rate. Bar, of the server: 1.3. The relay, a process that may be on another machine, takes, hashes and sends each body once more.\n',
    '| chunks | server, straight, CPU ms | server, through | ratio | relay, CPU ms | p50 ms, straight | through |\n|---|---|---|---|---|---|---|',
    ...lines.map(
      ({ title, straight, through }) =>
        `| ${title} | ${straight.coreMs.toFixed(2)} | ${through.coreMs.toFixed(2)} | **${(through.coreMs / straight.coreMs).toFixed(2)}** | ${through.relayMs.toFixed(2)} | ${straight.p50.toFixed(1)} | ${through.p50.toFixed(1)} |`,
    ),
    `\nThe relay held ${relayPeakMiB.toFixed(0)} MiB at its highest.`,
  ].join('\n');
}

if (import.meta.main) process.stdout.write(`${relaySection(await measureRelay(5))}\n`);
