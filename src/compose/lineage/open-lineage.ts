import { readFileSync } from 'node:fs';
import {
  type Exposure,
  IndexedRunStore,
  type LineageAct,
  lineageIdentity,
  lineageRoutes,
  type RunStore,
} from '#features/lineage/index.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import type { Route } from '#http/route.ts';
import type { Log } from '#platform/process/log.ts';
import type { Metrics } from '#platform/process/metrics.ts';
import { repeatedly } from '#platform/process/repeatedly.ts';
import type { Config } from '../config.ts';
import { openIndex } from './open-index.ts';
import { openLineageStore } from './open-lineage-store.ts';

export interface Lineage {
  routes: Route[];
  health(): Promise<string>;
  /** Waits for what was begun. */
  close(): Promise<void>;
}

export interface LineageParts {
  exposure: Exposure;
  limiter: RateLimiter;
  metrics: Metrics;
  log: Log;
}

/** Lineage as the configuration says, for whichever server it is mounted in. Throws StartupError; nothing stays open then. */
export async function openLineage(config: Config, { exposure, limiter, log, metrics }: LineageParts): Promise<Lineage> {
  // First, as nothing is to be opened for a server that must not start.
  const identity = lineageIdentity({
    config: config.lineageIdentity,
    exposure,
    readFile: (path) => readFileSync(path, 'utf8'),
    clock: Date.now,
    report: (report) => log.warn({ ...report }, 'lineage: a token was not accepted, or its keys could not be had'),
  });
  const store = await openLineageStore(config, log);
  const index = await openIndex(config, log).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const runs: RunStore = index === undefined ? store.runs : new IndexedRunStore(store.runs, index.days, log);
  const { lag } = store;
  const chores = store.chores.map(({ everyMs, name, work }) => repeatedly(name, everyMs, work, log));
  if (lag !== undefined) {
    metrics.gauge('proofline_lineage_pending_copies', 'Runs that are not in the bucket yet.', () => lag().pending);
    metrics.gauge(
      'proofline_lineage_oldest_pending_seconds',
      'Age of the oldest run that is not in the bucket.',
      () => {
        const { oldestReceivedAt } = lag();
        return oldestReceivedAt === undefined ? 0 : (Date.now() - Date.parse(oldestReceivedAt)) / 1000;
      },
    );
    metrics.gauge(
      'proofline_lineage_refused_copies',
      'Runs that cannot be copied since the start.',
      () => lag().refused,
    );
  }
  const { collisionPolicy, defaultOrganization, maxBatchEvents, maxBodyBytes } = config.lineage;
  return {
    routes: lineageRoutes({
      deps: {
        store: runs,
        identity,
        limit: limiter,
        audit: (act: LineageAct) => {
          metrics.lineageActs.inc({ action: act.action, outcome: act.outcome });
          log.info({ ...act, audit: 'lineage' }, 'audit');
        },
        clock: Date.now,
      },
      catalog: store.catalog,
      prefix: config.lineage.prefix,
      rules: { collisionPolicy, maxBodyBytes, maxBatchEvents, organization: defaultOrganization },
      secure: exposure.behindProxy,
      details: async () => ({ storage: await runs.health(), ...(lag === undefined ? {} : { lag: lag() }) }),
    }),
    health: () => runs.health(),
    close: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await runs.close();
      await index?.close();
    },
  };
}
