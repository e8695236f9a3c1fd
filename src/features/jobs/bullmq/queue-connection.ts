import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { ValkeyAddress } from '#platform/coordination/valkey/valkey-address.ts';
import { reasonOf } from '#platform/coordination/valkey/valkey-connection.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';

const timeoutMs = 2_000;
const slowestReconnectMs = 2_000;

/**
 * `asking` fails when there is no answer in time, and keeps nothing for later. `waiting` waits for ever, through every outage: that is what
 * BullMQ wants of the connection of a worker.
 */
export function queueConnection(address: ValkeyAddress, kind: 'asking' | 'waiting'): Redis {
  return new Redis({ ...commonOptions(address), ...(kind === 'asking' ? asking : { maxRetriesPerRequest: null }) });
}

const asking = {
  commandTimeout: timeoutMs,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const;

function commonOptions(address: ValkeyAddress): Omit<RedisOptions, 'replyMapping'> {
  return {
    host: address.host,
    port: address.port,
    ...(address.username === '' ? {} : { username: address.username }),
    ...(address.password === '' ? {} : { password: address.password }),
    db: address.database,
    ...(address.tls ? { tls: isIP(address.host) === 0 ? { servername: address.host } : {} } : {}),
    protocol: 2,
    disableClientInfo: true,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    retryStrategy: (attempt) => Math.min(slowestReconnectMs, 50 * 2 ** Math.min(attempt, 10)),
    // After a failover the old connection leads to a replica.
    reconnectOnError: (error) => reasonOf(error) === 'READONLY',
  };
}

/** Connects for the first time; from then on says in the log when the server is lost and when it is back. Throws StartupError. */
export async function connectFirst(redis: Redis, log: Log): Promise<void> {
  let trouble: string | undefined;
  redis.on('error', (error: unknown) => {
    trouble = reasonOf(error);
  });
  try {
    await redis.connect();
    await redis.ping();
    if (trouble !== undefined) throw new Error(trouble);
  } catch (error) {
    redis.disconnect();
    throw new StartupError(
      `Valkey cannot be used for the queue of jobs (${trouble ?? reasonOf(error)}).`,
      'Check SAFE_JOBS_VALKEY_URL, or the SAFE_VALKEY settings where it is not set; or set SAFE_JOBS_QUEUE=table.',
    );
  }
  let lost = false;
  redis.on('close', () => {
    if (lost || redis.status === 'end') return;
    lost = true;
    log.warn({ reason: trouble ?? 'closed' }, 'the queue of jobs is lost; they are found in the table, later');
  });
  redis.on('ready', () => {
    trouble = undefined;
    if (lost) log.info({}, 'the queue of jobs is back');
    lost = false;
  });
}
