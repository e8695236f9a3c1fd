import { StartupError } from '#platform/process/startup-error.ts';
import type { CoordinationConfig } from '../coordination.config.ts';

/** Everything that it takes to reach one logical database. */
export interface ValkeyAddress {
  host: string;
  port: number;
  username: string;
  password: string;
  database: number;
  tls: boolean;
}

export const maxDatabase = 999_999;

/** Undefined when it is no URL of that kind. */
export function parseRedisUrl(value: string): ValkeyAddress | undefined {
  const url = URL.parse(value);
  if (url === null || !['redis:', 'rediss:', 'valkey:', 'valkeys:'].includes(url.protocol)) return undefined;
  const database = /^\/?(\d{0,6})$/.exec(url.pathname)?.[1];
  const port = url.port === '' ? 6379 : Number(url.port);
  if (url.hostname === '' || database === undefined || port === 0 || url.search !== '' || url.hash !== '')
    return undefined;
  try {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: Number(database),
      tls: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
    };
  } catch {
    return undefined; // a stray percent sign
  }
}

/** From the single settings, from the URL, or from both when they agree. Throws StartupError by name and never by value. */
export function valkeyAddress(config: CoordinationConfig): ValkeyAddress {
  const { backend, address, username, password, database, tls, url } = config;
  if (!url) {
    if (!address) {
      throw new StartupError(
        `SAFE_COORDINATION_BACKEND is ${backend}, but SAFE_VALKEY_ADDR is not set.`,
        'Set SAFE_VALKEY_ADDR to host:port, or REDIS_URL. For a node that is alone set SAFE_COORDINATION_BACKEND=none.',
      );
    }
    if (username !== '' && password === '') {
      throw new StartupError(
        'SAFE_VALKEY_USERNAME is set, but SAFE_VALKEY_PASSWORD is not.',
        'Set SAFE_VALKEY_PASSWORD or SAFE_VALKEY_PASSWORD_FILE.',
      );
    }
    return { ...address, username, password, database: database || 0, tls: tls || false };
  }
  const pairs: [setting: string, agrees: boolean][] = [
    ['SAFE_VALKEY_ADDR', !address || (address.host === url.host && address.port === url.port)],
    ['SAFE_VALKEY_USERNAME', username === '' || username === url.username],
    ['SAFE_VALKEY_PASSWORD', password === '' || password === url.password],
    ['SAFE_VALKEY_DB', database === '' || database === url.database],
    ['SAFE_VALKEY_TLS', tls === '' || tls === url.tls],
  ];
  const disagreeing = pairs.find(([, agrees]) => !agrees);
  if (disagreeing !== undefined) {
    throw new StartupError(
      `${disagreeing[0]} and SAFE_VALKEY_URL (or REDIS_URL) do not say the same.`,
      'Remove one of the two, or make them agree.',
    );
  }
  return url;
}
