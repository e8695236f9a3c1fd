import type { AddressInfo } from 'node:net';
import { referenceRoutes } from '#features/reference/index.ts';
import { createApp } from '#http/app.ts';
import { healthRoutes } from '#http/health.routes.ts';
import { listen } from '#http/listener.ts';
import { nodeHome } from '#http/node-home.ts';
import { trustProxies } from '#http/peers.ts';
import { rateLimiter } from '#http/rate-limits.ts';
import { requestObserver } from '#http/request-observer.ts';
import type { Route } from '#http/route.ts';
import type { Log } from '#platform/process/log.ts';
import { createMetrics } from '#platform/process/metrics.ts';
import type { Address } from '#platform/process/setting.ts';
import { openCoordinator } from '../backends/open-coordinator.ts';
import type { Config } from '../config.ts';
import { openLineage } from './open-lineage.ts';

export interface LineageServer {
  main: readonly AddressInfo[];
  admin: readonly AddressInfo[];
  stop(): Promise<void>;
}

/** Lineage alone, without any database. On failure closes what was opened and throws, StartupError where an operator can mend it. */
export async function startLineageServer(config: Config, log: Log): Promise<LineageServer> {
  const opened: (() => Promise<void>)[] = [];
  const release = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const metrics = await createMetrics();
    const coordinator = await openCoordinator(config, log);
    opened.push(() => coordinator.close());
    const limiter = rateLimiter(coordinator, config.rateLimits);
    const { addresses } = config.lineage;
    const exposure = { addresses, behindProxy: config.server.trustedProxies.length > 0 };
    const lineage = await openLineage(config, { exposure, limiter, log, metrics });
    opened.push(() => lineage.close());
    let accepting = true;
    const readiness = {
      accepting: () => accepting,
      checks: { lineage: () => lineage.health(), coordination: () => coordinator.health() },
    };
    const home = nodeHome(log);
    const peers = trustProxies(config.server.trustedProxies);
    const open = async (
      name: 'lineage' | 'admin',
      at: readonly Address[],
      routes: readonly Route[],
      patienceMs: number,
    ) => {
      // No route here asks for a session.
      const app = createApp(routes, { identifier: { identify: async () => undefined }, limiter, home, log });
      const observer = requestObserver(name, { log, metrics });
      const listener = await listen({ name, addresses: at, app, peers, observer, log });
      opened.push(() => listener.close(patienceMs));
      return listener.addresses;
    };
    const reference = referenceRoutes({ routes: lineage.routes, schemas: [] });
    // Health stays answerable while the main listener finishes.
    const admin = await open('admin', config.server.adminAddresses, healthRoutes(readiness, metrics), 1_000);
    const main = await open('lineage', addresses, [...lineage.routes, ...reference], config.server.shutdownDeadlineMs);
    return {
      main,
      admin,
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
