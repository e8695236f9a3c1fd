import type { AddressInfo } from 'node:net';
import { sessionIdentifier } from '#features/accounts/index.ts';
import { createApp } from '#http/app.ts';
import { healthRoutes } from '#http/health.routes.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import { rateLimiter } from '#http/rate-limits.ts';
import { requestObserver } from '#http/request-observer.ts';
import type { Log } from '#platform/process/log.ts';
import { createMetrics } from '#platform/process/metrics.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { openBackends } from './backends/open-backends.ts';
import { type Config, dataPaths } from './config.ts';
import { lockDataDir, prepareDataDir } from './data-dir.ts';
import { openJobQueue } from './jobs/open-job-queue.ts';
import { startJobs, watchJobs } from './jobs/start-jobs.ts';
import { tellingMetadata } from './jobs/telling-metadata.ts';
import { watchBackends } from './watch-backends.ts';

export interface RunningWorker {
  /** Where it answers for health and metrics. */
  admin: readonly AddressInfo[];
  /** Not ready, give back what runs, release in reverse order. */
  stop(): Promise<void>;
}

/** Background jobs and nothing else. Opens everything in order; on failure closes what was opened and throws. Throws StartupError. */
export async function startWorker(config: Config, log: Log): Promise<RunningWorker> {
  refuseAlone(config);
  const paths = dataPaths(config);
  prepareDataDir(paths);
  const opened: (() => Promise<void> | void)[] = [];
  const release = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const lock = lockDataDir(paths);
    opened.push(() => lock.release());
    const stores = await openBackends(config, log);
    opened.push(() => stores.close());
    const metrics = await createMetrics();
    const queue = await openJobQueue(config, log);
    opened.push(() => queue.stop());
    const backends = { ...stores, metadata: tellingMetadata(stores.metadata, () => queue.nudge()) };
    watchBackends(metrics, backends);
    watchJobs(metrics, backends);
    let accepting = true;
    const readiness = {
      accepting: () => accepting,
      checks: {
        metadata: () => backends.metadata.health(),
        blobs: () => backends.blobs.health(),
        coordination: () => backends.coordinator.health(),
      },
    };
    const admin = await listen({
      name: 'admin',
      addresses: config.jobs.workerAddresses,
      app: createApp(healthRoutes(readiness, metrics), {
        identifier: sessionIdentifier(backends, 'api'),
        limiter: rateLimiter(backends.coordinator, config.rateLimits),
        home: nodeHome(log),
        log,
      }),
      peers: trustProxies(config.server.trustedProxies),
      observer: requestObserver('admin', { log, metrics }),
      log,
    });
    opened.push(() => admin.close(1_000));
    const jobs = startJobs(queue, backends, config, config.jobs.concurrency, { metrics, log });
    opened.push(() => jobs.stop());
    return {
      admin: admin.addresses,
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

/** Rows and bytes must be where the servers find them too. Throws StartupError. */
function refuseAlone({ metadata, blobs }: Config): void {
  if (metadata.backend !== 'postgresql')
    throw new StartupError(
      'A worker of its own needs a database that it shares with the server. SQLite has one process.',
      'Set SAFE_METADATA_BACKEND=postgresql; or run no worker: with SAFE_JOBS_IN_SERVER=true the server runs the jobs.',
    );
  if (blobs.backend !== 's3')
    throw new StartupError(
      'A worker of its own needs blobs that it shares with the server. A folder of blobs belongs to one process.',
      'Set SAFE_BLOB_BACKEND=s3; or run no worker: with SAFE_JOBS_IN_SERVER=true the server runs the jobs.',
    );
}
