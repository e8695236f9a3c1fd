import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import {
  allowOrigins,
  ClientFeedback,
  CoreClient,
  CoreConnection,
  type CoreCredentials,
  keyCredentials,
  type OpenFanout,
  openFanout,
  type RelayConfig,
  RelayStaging,
  type RelayUploads,
  relayHealthRoutes,
  relayUploadRoutes,
  staticCredentials,
  UploadsAtOnce,
} from '#features/relay/index.ts';
import { createApp } from '#http/app.ts';
import { metricsRoute } from '#http/health.routes.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import type { HttpObserver } from '#http/observer.ts';
import { trustProxies } from '#http/peers.ts';
import { rateLimiter } from '#http/rate-limits.ts';
import { requestObserver } from '#http/request-observer.ts';
import type { Route } from '#http/route.ts';
import type { Log } from '#platform/process/log.ts';
import { createMetrics, type Metrics } from '#platform/process/metrics.ts';
import { type Address, isLoopback } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { openCoordinator } from './backends/open-coordinator.ts';
import type { Config } from './config.ts';

export interface RunningRelay {
  relay: readonly AddressInfo[];
  metrics: readonly AddressInfo[];
  /** Not ready, stop accepting, finish what runs until the deadline, release in reverse order. */
  stop(): Promise<void>;
}

/** More than its uploads: preflights and readers are asked about beside them. */
const spareSockets = 64;

/** The way of chunks to a core somewhere else. Opens everything in order; on failure closes what was opened and throws. Throws StartupError. */
export async function startRelay(config: Config, log: Log): Promise<RunningRelay> {
  const { relay } = config;
  const { url, credentials, authorities, counterSecret } = await relayMeans(config, log);
  const opened: (() => Promise<void> | void)[] = [];
  const release = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const connection = new CoreConnection({
      url,
      ...authorities,
      silenceMs: relay.coreTimeoutMs,
      sockets: relay.maxUploads + spareSockets,
    });
    opened.push(() => connection.close());
    const core = new CoreClient({
      connection,
      credentials,
      preflightTimeoutMs: relay.coreTimeoutMs,
      forwardTimeoutMs: relay.forwardTimeoutMs,
    });
    const coordinator = await openCoordinator(config, log);
    opened.push(() => coordinator.close());
    const feedback = new ClientFeedback(coordinator, counterSecret, relay);
    const reading = openFanout({ authority: core, feedback, log }, relay);
    opened.push(() => reading.close());
    const staging = await RelayStaging.open({
      folder: resolve(relay.stagingDir),
      quotaBytes: relay.stagingQuotaBytes,
      memoryBytes: relay.memoryBytes,
      shed: (bytes) => reading.fanout.shed(bytes),
    });
    opened.push(() => staging.close());
    const uploads = new UploadsAtOnce({ max: relay.maxUploads, maxPerClient: relay.maxUploadsPerClient });
    const metrics = await createMetrics();
    metrics.gauge('proofline_relay_staged_bytes', 'Bytes staged, in memory and in files.', () => staging.usage().bytes);
    metrics.gauge('proofline_relay_uploads_in_flight', 'Uploads between preflight and answer.', () => uploads.size);
    metrics.gauge('proofline_relay_readers', 'Those who read along.', () => reading.usage().readers);
    metrics.gauge(
      'proofline_relay_window_bytes',
      'Staged bytes kept for those who read along.',
      () => reading.usage().bytes,
    );
    let accepting = true;
    const listener = listeners(config, metrics, rateLimiter(coordinator, config.rateLimits), log);
    const listening = await listener('relay', relay.addresses, [
      ...relayHealthRoutes({
        accepting: () => accepting,
        counters: () => coordinator.health(),
        staging: () => staging.pressure(),
      }),
      ...relayRoutes(reading, { core, staging, feedback, uploads, maxUploadBytes: relay.maxUploadBytes }),
    ]);
    // Readers stay for as long as they are let; a listener waits for them.
    opened.push(() => {
      reading.close();
      return listening.close(config.server.shutdownDeadlineMs);
    });
    const scraped = await listener('relay_metrics', relay.metricsAddresses, [metricsRoute(metrics)]);
    opened.push(() => scraped.close(1_000));
    return {
      relay: listening.addresses,
      metrics: scraped.addresses,
      stop: async () => {
        accepting = false;
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Everything that a relay answers but for its health. */
export function relayRoutes(reading: OpenFanout, uploads: Omit<RelayUploads, 'fanout'>): Route[] {
  return [...relayUploadRoutes({ ...uploads, fanout: reading.fanout }), ...reading.routes];
}

function listeners(config: Config, metrics: Metrics, limiter: ReturnType<typeof rateLimiter>, log: Log) {
  const peers = trustProxies(config.server.trustedProxies);
  const origins = allowOrigins(config.relay.liveOrigins);
  const observerOf = (name: string): HttpObserver => {
    const requests = requestObserver(name, { log, metrics });
    return (incoming, outgoing, startedAt) => {
      requests(incoming, outgoing, startedAt);
      origins(incoming, outgoing, startedAt);
    };
  };
  return (name: string, addresses: readonly Address[], routes: readonly Route[]) =>
    listen({
      name,
      addresses,
      // Nobody has an account here.
      app: createApp(routes, { identifier: { identify: async () => undefined }, limiter, home: nodeHome(log), log }),
      peers,
      observer: observerOf(name),
      log,
    });
}

/** By what this relay finds the core, proves itself to it and believes it, and counts clients. Throws StartupError. */
export async function relayMeans(config: Config, log: Log) {
  const url = coreUrl(config.relay);
  const credentials = await credentialsFor(config, url, log);
  return { url, credentials, authorities: authorities(config.relay), counterSecret: counterSecret(config) };
}

function coreUrl({ coreUrl: url }: RelayConfig): URL {
  if (url !== '') return url;
  throw new StartupError(
    'SAFE_RELAY_CORE_URL is not set: the relay does not know where to send anything.',
    'Set it to the relay listener of the server, like https://core.example.org:8443; see docs/operations/relay.md.',
  );
}

async function credentialsFor({ relay, relayAccess }: Config, url: URL, log: Log): Promise<CoreCredentials> {
  const { staticToken } = relayAccess;
  if (staticToken !== '' && relay.privateKeyFile !== '')
    throw new StartupError(
      'SAFE_RELAY_STATIC_TOKEN and SAFE_RELAY_PRIVATE_KEY_FILE are both set, and only one can be meant.',
      'Keep the key. The token is for development on one machine.',
    );
  if (staticToken !== '') {
    if (isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) return staticCredentials(staticToken);
    throw new StartupError(
      'SAFE_RELAY_STATIC_TOKEN is for development, and SAFE_RELAY_CORE_URL is not on loopback.',
      'Give the relay a key with SAFE_RELAY_PRIVATE_KEY_FILE; `proofline keys relay` makes one.',
    );
  }
  if (relay.privateKeyFile === '')
    throw new StartupError(
      'The relay cannot prove itself to the core: SAFE_RELAY_PRIVATE_KEY_FILE is not set.',
      'Make a key with `proofline keys relay`; its public half goes to the server.',
    );
  return await keyCredentials({
    path: relay.privateKeyFile,
    onUnusable: () => log.warn({}, 'the new key of this relay cannot be used; the one before still is'),
  });
}

function authorities({ coreCaFile }: RelayConfig): { ca?: string } {
  if (coreCaFile === '') return {};
  try {
    return { ca: readFileSync(coreCaFile, 'utf8') };
  } catch (cause) {
    throw new StartupError(
      'The file in SAFE_RELAY_CORE_CA_FILE cannot be read.',
      'Check that it exists and is readable; it has certificates in PEM.',
      { cause },
    );
  }
}

function counterSecret({ relay, coordination }: Config): string {
  if (relay.counterSecret !== '') return relay.counterSecret;
  if (coordination.backend === 'none') return randomBytes(32).toString('base64url');
  throw new StartupError(
    'SAFE_RELAY_COUNTER_SECRET is not set, and relays that share a Valkey count credentials under it.',
    'Give all of them the same: `openssl rand -base64 32`.',
  );
}

/** Travels in clear between two machines: worth a word at start. */
export function crossesUnencrypted({ relay: { coreUrl: url } }: Config): boolean {
  return url !== '' && url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}
