import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '#platform/process/log.ts';
import type { ValkeyAddress } from './valkey-address.ts';
import type { Script } from './valkey-scripts.ts';

/** A question that is not answered by then is not answered. */
export const commandTimeoutMs = 2_000;
const connectTimeoutMs = 2_000;
const slowestReconnectMs = 2_000;

/**
 * One connection that answers in time or fails: nothing waits for a server that is away, nothing is sent twice. It comes back by
 * itself, and until then every question fails at once.
 */
export class ValkeyConnection {
  readonly #redis: Redis;
  readonly #log: Log;
  #lost = false;
  #closed = false;
  #corked = false;
  /** The latest reason in one word, see reasonOf. */
  #trouble: string | undefined;

  constructor(address: ValkeyAddress, log: Log) {
    this.#log = log;
    this.#redis = new Redis(optionsFor(address));
    // Without a listener ioredis would print the errors itself.
    this.#redis.on('error', (error: unknown) => {
      this.#trouble = reasonOf(error);
    });
  }

  /** Resolves when it answers; rejects with the reason in one word. */
  async open(): Promise<void> {
    try {
      await this.#redis.connect();
    } catch (error) {
      throw new Error(this.#trouble ?? reasonOf(error));
    }
    // A database that cannot be selected is only an event, and the connection would go on with another.
    if (this.#trouble !== undefined) throw new Error(this.#trouble);
    this.#redis.on('close', () => {
      if (this.#closed || this.#lost) return;
      this.#lost = true;
      this.#log.warn({ reason: this.#trouble ?? 'closed' }, 'coordination is lost; trying to reach it again');
    });
    this.#redis.on('ready', () => {
      this.#trouble = undefined;
      if (!this.#lost) return;
      this.#lost = false;
      this.#log.info({}, 'coordination is back');
    });
  }

  onReady(listener: () => void): void {
    this.#redis.on('ready', listener);
  }

  async run({ lua, sha1 }: Script, key: string, ...args: (string | number)[]): Promise<unknown> {
    this.#cork();
    try {
      return await this.#redis.evalsha(sha1, 1, key, ...args);
    } catch (error) {
      if (reasonOf(error) !== 'NOSCRIPT') throw error;
      return await this.#redis.eval(lua, 1, key, ...args);
    }
  }

  /** Everything asked for in one turn leaves in one packet: a write costs this process more than the question itself. */
  #cork(): void {
    const { stream } = this.#redis;
    if (this.#corked || stream === undefined) return;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  async setFor(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#redis.set(key, value, 'PX', ttlMs);
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#redis.exists(key)) === 1;
  }

  async remove(key: string): Promise<void> {
    await this.#redis.del(key);
  }

  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
  }
}

function optionsFor(address: ValkeyAddress): Omit<RedisOptions, 'replyMapping'> {
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
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A connection on which nothing comes back is dead, even if nobody said so.
    socketTimeout: commandTimeoutMs + 500,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: slowestReconnectMs,
    retryStrategy: (attempt) =>
      Math.min(slowestReconnectMs, 50 * 2 ** Math.min(attempt, 10)) * (0.75 + Math.random() / 2),
    // After a failover the old connection leads to a replica.
    reconnectOnError: (error) => reasonOf(error) === 'READONLY',
  };
}

/** One word that is safe to show: errors of ioredis carry the command with all its arguments, and AUTH is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string' && /^[A-Z_]{3,40}$/.test(error.code)) return error.code;
  const word = /^([A-Z][A-Z_]{1,39})(?: |$)/.exec(error.message)?.[1];
  if (word !== undefined) return word;
  return /time(d )?out/i.test(error.message) ? 'timeout' : 'closed';
}
