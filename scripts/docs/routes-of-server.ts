import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackends } from '#compose/backends/open-backends.ts';
import { loadConfig } from '#compose/config.ts';
import { openLineage } from '#compose/lineage/open-lineage.ts';
import { mainRoutes } from '#compose/server.ts';
import { UploadsInFlight } from '#features/incidents/index.ts';
import { trustProxies } from '#http/peers.ts';
import type { Route } from '#http/route.ts';
import { createLog } from '#platform/process/log.ts';
import { createMetrics } from '#platform/process/metrics.ts';

/** The routes of the main listener of a server that listens nowhere, on an empty folder: describing them needs no request. */
export async function routesOfServer(): Promise<Route[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-docs-'));
  const { config } = loadConfig({ environment: { SAFE_DATA_DIR: folder, STRICTURE_SERVER_AUTH_MODE: 'none' } });
  const log = createLog('error');
  const backends = await openBackends(config, log);
  const metrics = await createMetrics();
  const exposure = { addresses: [{ host: '127.0.0.1', port: 0 }], behindProxy: false };
  const limiter = () => undefined;
  const lineage = await openLineage(config, { exposure, limiter, metrics, log });
  try {
    return mainRoutes(
      { ...backends, inFlight: new UploadsInFlight(), limiter, peers: trustProxies([]) },
      config,
      lineage.routes,
    );
  } finally {
    await lineage.close();
    await backends.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
