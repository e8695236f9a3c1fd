import { administratorExists, browserVisits, sessionIdentifier } from '#features/accounts/index.ts';
import { adminRoutes } from '#features/admin/index.ts';
import { documentJobEndings } from '#features/documents/index.ts';
import { countUnfinished, UploadsInFlight } from '#features/incidents/index.ts';
import { countUnderWay } from '#features/resumable/index.ts';
import { createApp } from '#http/app.ts';
import { healthRoutes } from '#http/health.routes.ts';
import { type Listener, listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import { rateLimiter } from '#http/rate-limits.ts';
import { requestObserver } from '#http/request-observer.ts';
import type { Route } from '#http/route.ts';
import type { Log } from '#platform/process/log.ts';
import { createMetrics, type Metrics } from '#platform/process/metrics.ts';
import type { Backends } from './backends/open-backends.ts';
import { chunkUploads } from './chunk-uploads.ts';
import { type Config, servesLineage } from './config.ts';
import { openJobQueue } from './jobs/open-job-queue.ts';
import { startJobs, watchJobs } from './jobs/start-jobs.ts';
import { tellingMetadata } from './jobs/telling-metadata.ts';
import type { Lineage, LineageParts } from './lineage/open-lineage.ts';
import { mainRoutes, type UploadDeps } from './routes.ts';
import type { RunningServer, ServerOptions } from './server.ts';
import { packageVersion } from './version.ts';
import { watchBackends } from './watch-backends.ts';
import { watchIncidents } from './watch-incidents.ts';
import { startWorkers } from './workers.ts';

/** What one process serves on its backends, and the work that it does beside. */
export interface Served extends Omit<RunningServer, 'stop'> {
  /** Says of itself that it is not ready any more. */
  refuse(): void;
}

export interface ServingOptions extends ServerOptions {
  /** Takes what has to be closed again, in reverse order, also when this throws. */
  opened: (() => Promise<void> | void)[];
}

/** In order; what is opened is closed again by the caller, also when this throws. Throws StartupError. */
export async function serveBackends(
  stores: Backends,
  config: Config,
  log: Log,
  { opened, ...options }: ServingOptions,
): Promise<Served> {
  const loadingMetrics = createMetrics();
  const queue = await openJobQueue(config, log);
  opened.push(() => queue.stop());
  const backends = { ...stores, metadata: tellingMetadata(stores.metadata, () => queue.nudge()) };
  const metrics = await loadingMetrics;
  const { coordinator } = backends;
  const inFlight = new UploadsInFlight({ coordinator, ttlMs: config.coordination.uploadLeaseTtlMs });
  watchBackends(metrics, backends);
  watchUploads(metrics, backends, inFlight);
  watchIncidents(metrics, backends);
  watchJobs(metrics, backends);

  let accepting = true;
  const workers = startWorkers({ ...backends, inFlight }, config, { metrics, log });
  opened.push(() => workers.stop());
  const jobs = startJobs(queue, backends, config, config.jobs.inServer ? config.jobs.concurrency : 0, {
    metrics,
    log,
  });
  opened.push(() => jobs.stop());
  const limiter = rateLimiter(coordinator, config.rateLimits);
  const exposure = {
    addresses: config.server.mainAddresses,
    behindProxy: config.server.trustedProxies.length > 0,
  };
  const lineage = await lineageIfServed(config, { exposure, limiter, metrics, log });
  opened.push(async () => await lineage?.close());
  const readiness = {
    accepting: () => accepting,
    checks: {
      metadata: () => backends.metadata.health(),
      blobs: () => backends.blobs.health(),
      coordination: () => coordinator.health(),
      ...(lineage === undefined ? {} : { lineage: () => lineage.health() }),
    },
  };
  const appDeps = {
    identifier: sessionIdentifier(backends, 'api'),
    browsers: browserVisits(backends),
    limiter,
    home: nodeHome(log),
    log,
  };
  const peers = trustProxies(config.server.trustedProxies);
  const addresses = {
    main: config.server.mainAddresses,
    admin: config.server.adminAddresses,
    relay_api: config.relayAccess.addresses,
  };
  const listener = (name: keyof typeof addresses, routes: readonly Route[]): Promise<Listener> =>
    listen({
      name,
      addresses: addresses[name],
      app: createApp(routes, appDeps),
      peers,
      observer: requestObserver(name, { log, metrics }),
      log,
    });
  const main = await listener('main', mainRoutes({ ...backends, inFlight, limiter, peers }, config, lineage?.routes));
  opened.push(() => main.close(config.server.shutdownDeadlineMs));
  const relayRoutes = await relayRoutesIfServed({ ...backends, inFlight }, config, log);
  const relayApi = relayRoutes === undefined ? undefined : await listener('relay_api', relayRoutes);
  opened.push(async () => await relayApi?.close(config.server.shutdownDeadlineMs));
  const accounts = {
    ...config.accounts,
    bootstrapSecret: config.accounts.bootstrapSecret || (options.setupSecret ?? ''),
  };
  const pages = adminRoutes(
    {
      metadata: backends.metadata,
      readiness,
      stagingUsage: () => backends.blobs.staging.usage(),
      peers,
      jobEndings: documentJobEndings,
      limiter,
      about: { version: packageVersion(), startedAtMs: Date.now() },
    },
    { accounts, deletion: config.deletion },
  );
  const admin = await listener('admin', [...healthRoutes(readiness, metrics), ...pages]);
  // Health stays answerable while the main listener finishes.
  opened.splice(opened.length - 1, 0, () => admin.close(1_000));
  return {
    main: main.addresses,
    admin: admin.addresses,
    relayApi: relayApi?.addresses ?? [],
    isSetUp: await administratorExists(backends.metadata.read),
    refuse: () => {
      accepting = false;
    },
  };
}

/** Loaded where it is served: without it and the next one, a start has a sixth less to read. */
async function lineageIfServed(config: Config, parts: LineageParts): Promise<Lineage | undefined> {
  if (!servesLineage(config)) return undefined;
  const { openLineage } = await import('./lineage/open-lineage.ts');
  return await openLineage(config, parts);
}

async function relayRoutesIfServed(deps: UploadDeps, config: Config, log: Log): Promise<Route[] | undefined> {
  if (config.relayAccess.addresses.length === 0) return undefined;
  const { openRelayApi } = await import('./relay-api.ts');
  return await openRelayApi(chunkUploads(deps, config), config, { coordinator: deps.coordinator, log });
}

function watchUploads(metrics: Metrics, { metadata }: Backends, inFlight: UploadsInFlight): void {
  metrics.gauge('proofline_commits_in_flight', 'Chunks being committed right now.', () => inFlight.size);
  metrics.gauge(
    'proofline_resumable_uploads_open',
    'Resumable uploads that are not finished, of documents and of chunks.',
    () => countUnderWay(metadata.read),
  );
  metrics.gauge('proofline_deletions_unfinished', 'Deletion decisions that are not carried out yet.', () =>
    countUnfinished(metadata.read),
  );
}
