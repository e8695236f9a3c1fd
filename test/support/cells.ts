import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Need } from './needs.ts';

/** What a server under test stands on: one of each, in every combination. */
export interface Cell {
  readonly metadata: 'sqlite' | 'postgresql';
  readonly blobs: 'disk' | 's3';
  readonly coordination: 'none' | 'valkey';
}

/** The default first. */
export const cells: readonly Cell[] = (['none', 'valkey'] as const).flatMap((coordination) =>
  (['disk', 's3'] as const).flatMap((blobs) =>
    (['sqlite', 'postgresql'] as const).map((metadata) => ({ metadata, blobs, coordination })),
  ),
);

export const nameOf = ({ metadata, blobs, coordination }: Cell) => `${metadata}+${blobs}+${coordination}`;

/** Any of a group will do. */
export function needsOf({ metadata, blobs, coordination }: Cell): readonly (readonly Need[])[] {
  const needs: (readonly Need[])[] = [];
  if (metadata === 'postgresql') needs.push(['postgres']);
  if (blobs === 's3') needs.push(['radosgw', 'versitygw']);
  if (coordination === 'valkey') needs.push(['valkey']);
  return needs;
}

/** Servers that scripts/test.ts started for a whole run, and how they are reached. */
export interface CellServers {
  postgres?: { url: string };
  s3?: { endpoint: string; accessKey: string; secretKey: string; bucket: string };
  valkey?: { port: number };
}

const cellVariable = 'PROOFLINE_TEST_CELL';
const serversVariable = 'PROOFLINE_TEST_SERVERS';

export function cellEnvironment(cell: Cell, servers: CellServers): Record<string, string> {
  return { [cellVariable]: nameOf(cell), [serversVariable]: JSON.stringify(servers) };
}

/** The cell of this test process. Without scripts/test.ts it is the default one, which needs no server. */
export const currentCell: Cell = named(process.env[cellVariable]);
export const cellServers = JSON.parse(process.env[serversVariable] ?? '{}') as CellServers; // made by cellEnvironment

function named(name: string | undefined): Cell {
  const found = cells.find((cell) => nameOf(cell) === (name ?? 'sqlite+disk+none'));
  if (found === undefined) throw new Error(`${cellVariable}: there is no cell ${name}`);
  return found;
}

/**
 * Skips the test, aloud, on cells where it means nothing: `if (notHere(t, { blobs: 'disk' }, 'it bends a file')) return;`
 * On the cells that it is about it runs.
 */
export function notHere(t: TestContext, wanted: Partial<Cell>, because: string): boolean {
  const differs = (Object.keys(wanted) as (keyof Cell)[]).some((part) => wanted[part] !== currentCell[part]);
  if (!differs) return false;
  const message = `only with ${Object.values(wanted).join(' and ')}: ${because}`;
  process.stdout.write(`NOT ON ${nameOf(currentCell)} ${t.name}: ${message}\n`);
  t.skip(message);
  return true;
}

/** One name for everything that belongs to a data folder. */
function placeOf(dataDir: string): string {
  return `cell_${createHash('sha256').update(dataDir).digest('hex').slice(0, 20)}`;
}

export function databaseUrl(dataDir: string): string {
  return `${expected(cellServers.postgres, 'postgres').url}/${placeOf(dataDir)}`;
}

/** Where in the bucket the blobs of a data folder lie. */
export const bucketPrefix = placeOf;

const prepared = new Map<string, Promise<Record<string, string>>>();

/** What makes a server on this data folder one of the current cell: a database, a prefix and a Valkey database of its own. */
export function cellSettings(dataDir: string): Promise<Record<string, string>> {
  const known = prepared.get(dataDir) ?? prepare(dataDir);
  prepared.set(dataDir, known);
  return known;
}

async function prepare(dataDir: string): Promise<Record<string, string>> {
  const { metadata, blobs, coordination } = currentCell;
  return {
    ...(metadata === 'postgresql' ? await postgresSettings(dataDir) : {}),
    ...(blobs === 's3' ? s3Settings(dataDir) : {}),
    ...(coordination === 'valkey' ? await valkeySettings() : {}),
  };
}

async function postgresSettings(dataDir: string): Promise<Record<string, string>> {
  const client = new pg.Client(`${expected(cellServers.postgres, 'postgres').url}/postgres`);
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${placeOf(dataDir)} TEMPLATE template0`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42P04')) throw error; // another process made it
  } finally {
    await client.end();
  }
  return { SAFE_METADATA_BACKEND: 'postgresql', SAFE_POSTGRES_DSN: databaseUrl(dataDir) };
}

function s3Settings(dataDir: string): Record<string, string> {
  const { endpoint, bucket, accessKey, secretKey } = expected(cellServers.s3, 's3');
  return {
    SAFE_BLOB_BACKEND: 's3',
    SAFE_S3_ENDPOINT: endpoint,
    SAFE_S3_BUCKET: bucket,
    SAFE_S3_PREFIX: bucketPrefix(dataDir),
    SAFE_S3_ACCESS_KEY_ID: accessKey,
    SAFE_S3_SECRET_ACCESS_KEY: secretKey,
  };
}

/** Database 0 counts which ones are given away. */
async function valkeySettings(): Promise<Record<string, string>> {
  const { port } = expected(cellServers.valkey, 'valkey');
  const redis = new Redis({ port, host: '127.0.0.1' });
  try {
    const database = await redis.incr('databases');
    return {
      SAFE_COORDINATION_BACKEND: 'valkey',
      SAFE_VALKEY_ADDR: `127.0.0.1:${port}`,
      SAFE_VALKEY_DB: String(database),
      SAFE_JOBS_QUEUE: 'bullmq',
    };
  } finally {
    redis.disconnect();
  }
}

function expected<T>(server: T | undefined, name: string): T {
  if (server === undefined) throw new Error(`no ${name} was started for this cell: run node scripts/test.ts --cell`);
  return server;
}
