import { readdirSync, readFileSync } from 'node:fs';
import { startPostgres, type TestPostgres } from '../../test/support/services/postgres.ts';
import { startRadosgw } from '../../test/support/services/radosgw.ts';
import { startRedis, type TestRedis } from '../../test/support/services/redis.ts';
import type { TestS3 } from '../../test/support/services/s3-server.ts';
import { cpuMilliseconds } from '../support/process-figures.ts';

/** Servers of their own, as they come, but for room for a bench. */
export interface Backends {
  postgres: TestPostgres;
  s3: TestS3;
  redis: TestRedis;
  stop(): Promise<void>;
}

export async function startBackends(): Promise<Backends> {
  const redis = await startRedis();
  const postgres = await startPostgres({ shared_buffers: '512MB', max_wal_size: '4GB' });
  const s3 = await startRadosgw();
  return {
    postgres,
    s3,
    redis,
    async stop() {
      await Promise.all([postgres.stop(), s3.stop(), redis.stop()]);
    },
  };
}

export const backendNames = ['postgresql', 's3', 'valkey'] as const;
export type BackendCpu = Record<(typeof backendNames)[number], number>;

/** CPU that the backends have used so far. Milliseconds. */
export async function backendCpu({ postgres, redis, s3 }: Backends): Promise<BackendCpu> {
  const postmaster = await postmasterOf(postgres);
  return {
    postgresql: familyCpu(postmaster),
    s3: s3.pids.reduce((sum, pid) => sum + cpuMilliseconds(pid), 0),
    valkey: cpuMilliseconds(redis.pid),
  };
}

/** A backend that has ended is counted by its parent. */
function familyCpu(postmaster: number): number {
  const ended = statOf(postmaster);
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === postmaster);
  const own = [postmaster, ...children.map(Number)].map(cpuOrNothing);
  return own.reduce((sum, ms) => sum + ms, (Number(ended?.[13]) + Number(ended?.[14])) * 10);
}

function cpuOrNothing(pid: number): number {
  try {
    return cpuMilliseconds(pid);
  } catch {
    return 0;
  }
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Fields after the name, the state first. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
  } catch {
    return undefined;
  }
}

async function postmasterOf(postgres: TestPostgres): Promise<number> {
  const [row] = await postgres.sql('postgres', "SELECT pg_read_file('postmaster.pid') AS text");
  return Number(String(row?.text).split('\n')[0]);
}
