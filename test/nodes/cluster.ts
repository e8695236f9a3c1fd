import { join } from 'node:path';
import { signIn } from '../support/api.ts';
import type { Stored } from '../support/ledger.ts';
import { missing, type Need } from '../support/needs.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { type HarmfulProxy, startHarmfulProxy } from '../support/services/harmful-proxy.ts';
import { startPostgres, type TestPostgres } from '../support/services/postgres.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { startRedis, type TestRedis } from '../support/services/redis.ts';
import { s3Environment, type TestS3 } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';
import { blobsInBucket } from '../support/stored-blobs.ts';

const s3Servers = { radosgw: startRadosgw, versitygw: startVersitygw } as const;
export type S3Server = keyof typeof s3Servers;

/** The long form asks Ceph's gateway, the short one the store that starts faster; each takes the other where its own is lacking. */
export function s3Here(preferred: S3Server): S3Server {
  const other = preferred === 'radosgw' ? 'versitygw' : 'radosgw';
  return missing(preferred).length > 0 && missing(other).length === 0 ? other : preferred;
}

export const clusterNeeds = (preferred: S3Server): readonly Need[] => ['postgres', 'valkey', s3Here(preferred)];

/** What a node's connections go through, each of them on its own. */
export const links = ['postgres', 's3', 'valkey'] as const;
export type Link = (typeof links)[number];

export interface Node {
  readonly name: string;
  server: TestServer;
  readonly proxies: Readonly<Record<Link, HarmfulProxy>>;
}

/** Two nodes on one PostgreSQL, one bucket and one Valkey; anything of it may be ended and started again. */
export interface Cluster {
  readonly nodes: readonly [Node, Node];
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly s3Server: S3Server;
  /** Its name. */
  readonly database: string;
  /** Of the administrator ada. */
  readonly token: string;
  readonly stored: Exclude<Stored, string>;
  /** What makes a node of a process that reaches the servers past the proxies. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a node's server has ended, another one on the same data folder and a new port; `env` for this start only. */
  restart(node: Node, env?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

const prefix = 'evidence';
export const leaseTtlMs = 1_000;

export async function startCluster(preferred: S3Server, own: Record<string, string> = {}): Promise<Cluster> {
  const folder = scratchFolder('cluster');
  const s3Server = s3Here(preferred);
  const [postgres, s3, redis] = await Promise.all([startPostgres(), s3Servers[s3Server](), startRedis()]);
  const proxies: HarmfulProxy[] = [];
  const nodes: Node[] = [];
  const stop = async () => {
    for (const { server } of nodes) server.process.kill('SIGKILL');
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await Promise.all([postgres.stop(), s3.stop(), redis.stop()]);
    folder.remove();
  };
  try {
    const [database, bucket] = [await postgres.createDatabase(), await s3.createBucket()];
    const ports = { postgres: postgres.port, s3: Number(new URL(s3.endpoint).port), valkey: redis.port };
    const env = settings({ s3, bucket, ports, database, own });
    await createAccount(join(folder.path, 'first'), 'ada', 'admin', env);
    const start = (name: string, through: Record<Link, HarmfulProxy>, extra: Record<string, string> = {}) => {
      const cut = { postgres: through.postgres.port, s3: through.s3.port, valkey: through.valkey.port };
      const reached = settings({ s3, bucket, ports: cut, database, own: { ...own, ...extra } });
      return startServer({ dataDir: join(folder.path, name), env: reached });
    };
    const node = async (name: string): Promise<Node> => {
      const [first, second, third] = await Promise.all(links.map((link) => startHarmfulProxy(ports[link])));
      if (first === undefined || second === undefined || third === undefined) throw new Error('no proxy');
      const own = { postgres: first, s3: second, valkey: third };
      proxies.push(first, second, third);
      const made = { name, proxies: own, server: await start(name, own) };
      nodes.push(made);
      return made;
    };
    const both = await Promise.all([node('a'), node('b')]);
    const { token } = await signIn(both[0].server.url, 'ada');
    return {
      nodes: both,
      postgres,
      redis,
      s3Server,
      database: new URL(database).pathname.slice(1),
      token,
      env,
      stored: blobsInBucket({ ...s3, bucket }, prefix),
      restart: async (node, extra) => {
        node.server = await start(node.name, node.proxies, extra);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Reached {
  s3: TestS3;
  bucket: string;
  ports: Record<Link, number>;
  database: string;
  own: Record<string, string>;
}

function settings({ s3, bucket, ports, database, own }: Reached): Record<string, string> {
  const dsn = new URL(database);
  dsn.port = String(ports.postgres);
  return {
    SAFE_METADATA_BACKEND: 'postgresql',
    SAFE_POSTGRES_DSN: dsn.href,
    ...s3Environment({ ...s3, endpoint: `http://127.0.0.1:${ports.s3}` }, bucket),
    SAFE_S3_PREFIX: prefix,
    SAFE_COORDINATION_BACKEND: 'valkey',
    SAFE_VALKEY_ADDR: `127.0.0.1:${ports.valkey}`,
    SAFE_UPLOAD_COORDINATION_LEASE_TTL: `${leaseTtlMs}ms`,
    SAFE_DELETION_WORKER_INTERVAL: '100ms',
    ...own,
  };
}
