import { createHash } from 'node:crypto';
import { Problem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { duration, flag, integer, type Setting, type Settings, type ValuesOf } from '#platform/process/setting.ts';

/** Requests a window and peer, by what a route costs and how it is abused; of lineage by identity, which all jobs of a CI may share. */
const mainDefaults = {
  auth: 30,
  sign_in: 10,
  refresh: 120,
  account: 120,
  incident_read: 300,
  incident_write: 120,
  upload: 120,
  reconcile: 120,
  stream: 120,
  token: 60,
  download: 30,
  admin: 60,
  lineage_ingest: 6000,
  lineage_read: 6000,
  document_read: 600,
  document_write: 300,
  document_upload: 600,
  document_download: 300,
  relay: 60_000,
} as const;

const viewerDefaults = {
  viewer_page: 60,
  viewer_data: 300,
  viewer_download: 12,
  viewer_static: 600,
  viewer_password: 10,
} as const;

/** Of a relay, before anything is known of who asks. A phone sends a handful of chunks a second, and many share an address. */
const relayDefaults = {
  relay_upload: 600,
  relay_live: 120,
  relay_live_chunk: 2400,
} as const;

export type RateClass = keyof typeof mainDefaults | keyof typeof viewerDefaults | keyof typeof relayDefaults;

type Limits = Record<RateClass, Setting<number>>;

function limitSettings(): Limits {
  const group = (prefix: string, strip: string, defaults: Record<string, number>) =>
    Object.entries(defaults).map(([name, perMinute]) => [
      name,
      integer({
        env: `${prefix}_${name.replace(strip, '').toUpperCase()}`,
        doc: `Requests a window from one peer, class ${name.replaceAll('_', ' ')}. 0 switches this class off.`,
        default: String(perMinute),
        min: 0,
        max: 1_000_000_000,
      }),
    ]);
  return Object.fromEntries([
    ...group('SAFE_MAIN_API_RATE_LIMIT', '', mainDefaults),
    ...group('SAFE_PUBLIC_VIEWER_RATE_LIMIT', 'viewer_', viewerDefaults),
    ...group('SAFE_RELAY_RATE_LIMIT', 'relay_', relayDefaults),
  ]) as Limits; // built from the very keys of the tables
}

export const rateLimitSettings = {
  ...limitSettings(),
  mainEnabled: flag({
    env: 'SAFE_MAIN_API_RATE_LIMIT_ENABLED',
    doc: 'false switches off every limit on /v1.',
    default: 'true',
  }),
  mainWindowMs: duration({
    env: 'SAFE_MAIN_API_RATE_LIMIT_WINDOW',
    doc: 'The window in which requests to /v1 are counted.',
    default: '1m',
    atLeast: '1s',
  }),
  viewerWindowMs: duration({
    env: 'SAFE_PUBLIC_VIEWER_RATE_LIMIT_WINDOW',
    doc: 'The window in which requests to the public viewer are counted.',
    default: '1m',
    atLeast: '1s',
  }),
  viewerEnabled: flag({
    env: 'SAFE_PUBLIC_VIEWER_RATE_LIMIT_ENABLED',
    doc: 'false switches off every limit on the public viewer.',
    default: 'true',
  }),
  relayEnabled: flag({
    env: 'SAFE_RELAY_RATE_LIMIT_ENABLED',
    doc: 'false switches off the limits by address on a relay.',
    default: 'true',
  }),
  relayWindowMs: duration({
    env: 'SAFE_RELAY_RATE_LIMIT_WINDOW',
    doc: 'The window in which requests to a relay are counted.',
    default: '1m',
    atLeast: '1s',
  }),
} satisfies Settings;

export type RateLimitConfig = ValuesOf<typeof rateLimitSettings>;

export type RateLimiter = (rateClass: RateClass, peer: string) => Promise<void> | undefined;

/** Throws rate_limited with Retry-After, or rate_limit_unavailable when nobody can count. */
export function rateLimiter(coordinator: Coordinator, config: RateLimitConfig): RateLimiter {
  return (rateClass, peer) => {
    const [enabled, windowMs] = rateClass.startsWith('viewer_')
      ? [config.viewerEnabled, config.viewerWindowMs]
      : rateClass.startsWith('relay_')
        ? [config.relayEnabled, config.relayWindowMs]
        : [config.mainEnabled, config.mainWindowMs];
    const limit = config[rateClass];
    if (!enabled || limit === 0) return undefined;
    return coordinator.count(`${rateClass}:${peer}`, limit, windowMs).then((decision) => {
      if (!decision.allowed)
        throw new Problem('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(decision.retryAfterMs / 1000)) });
    });
  };
}

/** A peer as the limiter knows it: hashed, and for IPv6 only the /64, which is what one customer is given. */
export function hashPeer(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  const network = plain.includes(':') ? ipv6Network(plain) : plain;
  return createHash('sha256').update(network).digest('base64url').slice(0, 22);
}

function ipv6Network(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const filled =
    tail === undefined ? front : [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return filled
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
