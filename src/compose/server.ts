import type { AddressInfo } from 'node:net';
import {
  accountRoutes,
  administratorExists,
  browserVisits,
  sessionIdentifier,
  usernamesOf,
} from '#features/accounts/index.ts';
import { adminRoutes } from '#features/admin/index.ts';
import { auditRoutes } from '#features/audit/index.ts';
import { cloudDeps, cloudRoutes } from '#features/cloud/index.ts';
import {
  documentJobEndings,
  documentJobRoutes,
  documentRoutes,
  documentTarget,
  documentUploadRoutes,
  sharingRoutes,
} from '#features/documents/index.ts';
import {
  bundleRoutes,
  captureRoutes,
  checkinRoutes,
  chunkRoutes,
  chunkUploadRoutes,
  countUnfinished,
  deletionRoutes,
  groupBundleRoutes,
  incidentManifestShape,
  incidentRoutes,
  relayCapabilityRoutes,
  safetyCheckRoutes,
  streamManifestShape,
  streamRoutes,
  UploadsInFlight,
  viewerTokenRoutes,
} from '#features/incidents/index.ts';
import { jobRoutes } from '#features/jobs/index.ts';
import { type DescribedApi, referenceRoutes } from '#features/reference/index.ts';
import { countUnderWay, UploadLocks } from '#features/resumable/index.ts';
import { vaultRoutes } from '#features/vault/index.ts';
import { viewerRoutes } from '#features/viewer/index.ts';
import { createApp } from '#http/app.ts';
import { healthRoutes } from '#http/health.routes.ts';
import { type Listener, listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { type Peers, trustProxies } from '#http/peers.ts';
import { type RateLimiter, rateLimiter } from '#http/rate-limits.ts';
import { requestObserver } from '#http/request-observer.ts';
import type { Route } from '#http/route.ts';
import type { Log } from '#platform/process/log.ts';
import { createMetrics, type Metrics } from '#platform/process/metrics.ts';
import { type Backends, openBackends } from './backends/open-backends.ts';
import { chunkUploads } from './chunk-uploads.ts';
import { type Config, dataPaths, servesLineage } from './config.ts';
import { lockDataDir, prepareDataDir } from './data-dir.ts';
import { openJobQueue } from './jobs/open-job-queue.ts';
import { startJobs, watchJobs } from './jobs/start-jobs.ts';
import { tellingMetadata } from './jobs/telling-metadata.ts';
import { openLineage } from './lineage/open-lineage.ts';
import { openRelayApi } from './relay-api.ts';
import { packageVersion } from './version.ts';
import { watchBackends } from './watch-backends.ts';
import { watchIncidents } from './watch-incidents.ts';
import { startWorkers } from './workers.ts';

export interface RunningServer {
  main: readonly AddressInfo[];
  admin: readonly AddressInfo[];
  /** None unless relays are served. */
  relayApi: readonly AddressInfo[];
  /** False while nobody can sign in yet. */
  isSetUp: boolean;
  /** Not ready, stop accepting, finish what runs until the deadline, release in reverse order. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** For the one-time set-up, where the configuration has none: made for this process alone. */
  setupSecret?: string;
}

/** Opens everything in order; on failure closes what was opened and throws, StartupError where an operator can mend it. */
export async function startServer(config: Config, log: Log, options: ServerOptions = {}): Promise<RunningServer> {
  const paths = dataPaths(config);
  prepareDataDir(paths);
  const opened: (() => Promise<void> | void)[] = [];
  const release = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const lock = lockDataDir(paths);
    opened.push(() => lock.release());
    const loadingMetrics = createMetrics();
    const stores = await openBackends(config, log);
    opened.push(() => stores.close());
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
    const lineage = servesLineage(config)
      ? await openLineage(config, {
          exposure: {
            addresses: config.server.mainAddresses,
            behindProxy: config.server.trustedProxies.length > 0,
          },
          limiter,
          metrics,
          log,
        })
      : undefined;
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
    const relayApi =
      addresses.relay_api.length === 0
        ? undefined
        : await listener(
            'relay_api',
            await openRelayApi(chunkUploads({ ...backends, inFlight }, config), config, { coordinator, log }),
          );
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

type MainDeps = Pick<Backends, 'metadata' | 'blobs' | 'coordinator'> & {
  inFlight: UploadsInFlight;
  limiter: RateLimiter;
  peers: Peers;
};

/** Everything under /v1. */
export function apiRoutes(deps: MainDeps, config: Config): Route[] {
  const chunks = chunkUploads(deps, config);
  const locks = new UploadLocks(deps.coordinator);
  return [
    ...accountRoutes(deps, config.accounts),
    ...auditRoutes(deps),
    ...incidentRoutes(deps),
    ...checkinRoutes(deps),
    ...streamRoutes(deps),
    ...chunkRoutes(chunks),
    ...chunkUploadRoutes({ ...deps, ...chunks, locks }, config.resumable),
    ...relayCapabilityRoutes(deps, config.relayCapabilities),
    ...captureRoutes(deps),
    ...bundleRoutes(deps),
    ...groupBundleRoutes(deps),
    ...viewerTokenRoutes(deps, config.viewerTokens),
    ...safetyCheckRoutes(deps),
    ...deletionRoutes(deps),
    ...documentUploadRoutes({ ...deps, locks }, config.resumable, documentTarget(deps, config.documents)),
    ...documentRoutes(deps, config.documents),
    ...cloudRoutes(cloudDeps(deps.metadata, config.cloud)),
    ...documentJobRoutes(deps),
    ...jobRoutes({ metadata: deps.metadata, endings: documentJobEndings }),
    ...sharingRoutes(deps),
  ];
}

/** What the API reference is made from, for the server and for docs/. */
export function describedApi(routes: readonly Route[]): DescribedApi {
  return { routes, schemas: [streamManifestShape, incidentManifestShape] };
}

/** Everything on the main listener. */
export function mainRoutes(deps: MainDeps, config: Config, lineage: readonly Route[] = []): Route[] {
  const api = apiRoutes(deps, config);
  const vault = vaultRoutes(
    {
      visits: browserVisits(deps),
      peers: deps.peers,
      usernames: (ids) => usernamesOf(deps.metadata.read, ids),
      api,
    },
    config.documents,
  );
  const routes = [...api, ...lineage, ...viewerRoutes(deps, config.relayCapabilities), ...vault];
  return [...routes, ...referenceRoutes(describedApi(routes))];
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
