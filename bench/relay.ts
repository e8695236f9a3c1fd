/** The same uploads straight and through a relay, alternating, on one server: what each chunk costs the processes. `node bench/relay.ts` */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { newRelayKey, writeKeySet } from '../test/relay/support/relay-keys.ts';
import { startRelay } from '../test/relay/support/relay-process.ts';
import { openStream, sha256 } from '../test/support/api.ts';
import { scratchFolder } from '../test/support/server.ts';
import { applyLoad, quantile } from './support/load.ts';
import { cpuMilliseconds, median, memory } from './support/process-figures.ts';
import { startOurs } from './support/servers.ts';

const works = [
  { title: 'chunks of 64 KiB, 16 at once', bodyBytes: 65_536, connections: 16, requests: 1_500, perSecond: 250 },
  { title: 'chunks of 1 MiB, 8 at once', bodyBytes: 1 << 20, connections: 8, requests: 300, perSecond: 50 },
];
const rounds = 5;

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

interface Side {
  coreMs: number;
  relayMs: number;
  perSecond: number;
  p50: number;
}

async function measure(work: (typeof works)[number], through: boolean): Promise<Side> {
  const stream = await openStream(core.api, core.incident);
  const path = `/v1/incidents/${core.incident}/streams/${stream}`;
  const made = await core.api.call('POST', `${path}/relay-capabilities`, { kind: 'upload' });
  const body = randomBytes(work.bodyBytes);
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
  return {
    coreMs: (cpuMilliseconds(core.pid) - before[0]) / work.requests,
    relayMs: (cpuMilliseconds(relay.pid) - before[1]) / work.requests,
    perSecond: work.requests / seconds,
    p50: quantile(latencies, 0.5),
  };
}

for (const work of works) {
  const sides: Record<'straight' | 'through', Side[]> = { straight: [], through: [] };
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? (['straight', 'through'] as const) : (['through', 'straight'] as const))
      sides[name].push(await measure(work, name === 'through'));
  process.stdout.write(`${work.title}; medians of ${rounds} rounds of ${work.requests}\n`);
  for (const [name, all] of Object.entries(sides)) {
    const of = (pick: (side: Side) => number) => median(all.map(pick));
    process.stdout.write(
      `  ${name.padEnd(9)} core ${of((side) => side.coreMs).toFixed(2)} ms of CPU a chunk, relay ${of((side) => side.relayMs).toFixed(2)} ms, ${of((side) => side.perSecond).toFixed(0)}/s, p50 ${of((side) => side.p50).toFixed(1)} ms\n`,
    );
  }
}
process.stdout.write(`relay: ${(memory(relay.pid).peak / 2 ** 20).toFixed(0)} MiB at its highest\n`);
await relay.stop();
await core.stop();
folder.remove();
