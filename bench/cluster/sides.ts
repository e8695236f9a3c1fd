import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { openIncident, openStream, sha256 } from '../../test/support/api.ts';
import { scratchFolder } from '../../test/support/server.ts';
import { s3Environment } from '../../test/support/services/s3-server.ts';
import { type Measured, startBare, startOurs } from '../support/servers.ts';
import type { Backends } from './backends.ts';
import type { BareBackends } from './reference-server.ts';

/** Who records at the same time: what is locked while a chunk is recorded belongs to a stream and to an account. */
export const layouts = {
  spread: { title: '32 streams of 32 accounts', streams: 32, accounts: 32 },
  account: { title: '32 streams of one account', streams: 32, accounts: 1 },
  stream: { title: 'one stream', streams: 1, accounts: 1 },
} as const;
export type Layout = keyof typeof layouts;

export const bodyBytes = 65_536;

/** Something that takes chunks. */
export interface Side extends Measured {
  /** The whole request of a chunk that was not sent before. */
  request(layout: Layout): readonly Buffer[];
}

/** Ports that stand before the backends, where the way there is watched. */
export interface Doors {
  postgresPort?: number;
  s3Port?: number;
  valkeyPort?: number;
}

export async function startOurSide(
  backends: Backends,
  doors: Doors = {},
  nodeArguments: readonly string[] = [],
): Promise<Side> {
  const folder = scratchFolder('bench');
  const { postgres, redis, s3 } = backends;
  const database = await postgres.createDatabase();
  const env = {
    SAFE_METADATA_BACKEND: 'postgresql',
    SAFE_POSTGRES_DSN: through(database, doors.postgresPort),
    ...s3Environment({ ...s3, endpoint: through(s3.endpoint, doors.s3Port) }, await s3.createBucket()),
    SAFE_COORDINATION_BACKEND: 'valkey',
    SAFE_VALKEY_ADDR: `127.0.0.1:${doors.valkeyPort ?? redis.port}`,
  };
  const ours = await startOurs(folder.path, true, env, nodeArguments);
  const places: { incident: string; stream: string; next: number }[] = [];
  for (let n = 0; n < 2 * layouts.spread.streams + 1; n++) {
    const incident = await openIncident(ours.api);
    places.push({ incident, stream: await openStream(ours.api, incident), next: 1 });
  }
  const single = places.splice(0, 1);
  const spread = places.splice(0, layouts.spread.streams);
  await giveAway(
    backends,
    database,
    spread.map(({ incident }) => incident),
  );
  const byLayout = { stream: single, account: places, spread };
  const body = randomBytes(bodyBytes);
  const digest = sha256(body).toString('base64');
  let sent = 0;
  return {
    ...ours,
    request(layout) {
      const key = sent++;
      const place = byLayout[layout][key % byLayout[layout].length];
      if (place === undefined) throw new Error('no stream');
      const head =
        `PUT /v1/incidents/${place.incident}/streams/${place.stream}/chunks/${place.next++} HTTP/1.1\r\nHost: bench\r\n` +
        `Authorization: Bearer ${ours.api.token}\r\nIdempotency-Key: key-${key}\r\nRepr-Digest: sha-256=:${digest}:\r\n` +
        `Proofline-Started-At: 2026-01-01T00:00:00Z\r\nProofline-Ended-At: 2026-01-01T00:00:02Z\r\nContent-Length: ${body.length}\r\n\r\n`;
      return [Buffer.from(head), body];
    },
    async stop() {
      await ours.stop();
      folder.remove();
    },
  };
}

/** Incidents of the administrator to an account of their own each: quotas are charged to the owner, whoever uploads. */
async function giveAway({ postgres }: Backends, database: string, incidents: readonly string[]): Promise<void> {
  const at = "TIMESTAMPTZ '2026-01-01T00:00:00Z'";
  await postgres.sql(
    new URL(database).pathname.slice(1),
    incidents
      .map(
        (incident, n) =>
          `INSERT INTO accounts (id, username, password_hash, role, created_at, updated_at, password_changed_at)
           VALUES ('acct_bench_${n}', 'bench-${n}', 'none', 'user', ${at}, ${at}, ${at});
           UPDATE incidents SET owner_account_id = 'acct_bench_${n}' WHERE id = '${incident}'`,
      )
      .join(';'),
  );
}

export async function startBareSide({ postgres, s3 }: Backends): Promise<Side> {
  const bare: BareBackends = {
    databaseUrl: await postgres.createDatabase(),
    maxConnections: 20, // as many as ours by default
    endpoint: s3.endpoint,
    bucket: await s3.createBucket(),
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
  };
  const server = await startBare(fileURLToPath(new URL('./reference-server.ts', import.meta.url)), [
    JSON.stringify(bare),
  ]);
  const body = randomBytes(bodyBytes);
  const head = Buffer.from(`PUT /x HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n\r\n`);
  return { ...server, request: () => [head, body] };
}

function through(url: string, port: number | undefined): string {
  if (port === undefined) return url;
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href.replace(/\/$/, '');
}
