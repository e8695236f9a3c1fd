import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backends, openBackends } from '#compose/backends/open-backends.ts';
import { type Config, loadConfig } from '#compose/config.ts';
import { openLineage } from '#compose/lineage/open-lineage.ts';
import { openRelayApi } from '#compose/relay-api.ts';
import { mainRoutes } from '#compose/routes.ts';
import { UploadsInFlight } from '#features/incidents/index.ts';
import { trustProxies } from '#http/peers.ts';
import type { Route } from '#http/route.ts';
import { createLog, type Log } from '#platform/process/log.ts';
import { createMetrics } from '#platform/process/metrics.ts';

/** The routes of the main listener of a server that listens nowhere, on an empty folder: describing them needs no request. */
export async function routesOfServer(): Promise<Route[]> {
  return await onEmptyFolder(async (backends, config, log) => {
    const metrics = await createMetrics();
    const exposure = { addresses: [{ host: '127.0.0.1', port: 0 }], behindProxy: false };
    const limiter = () => undefined;
    const lineage = await openLineage(config, { exposure, limiter, metrics, log });
    const deps = { ...backends, inFlight: new UploadsInFlight(), limiter, peers: trustProxies([]) };
    try {
      return mainRoutes(deps, config, lineage.routes);
    } finally {
      await lineage.close();
    }
  });
}

/** Those of the listener for relays. */
export async function routesOfRelayApi(): Promise<Route[]> {
  return await onEmptyFolder(async (backends, config, log) => {
    const limits = { ...config.chunks, committedQuotaBytes: config.accounts.committedQuotaBytes };
    const uploads = { ...backends, inFlight: new UploadsInFlight(), config: limits };
    return await openRelayApi(uploads, config, { coordinator: backends.coordinator, log });
  });
}

async function onEmptyFolder(
  describe: (backends: Backends, config: Config, log: Log) => Promise<Route[]>,
): Promise<Route[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-docs-'));
  const { config } = loadConfig({
    environment: {
      SAFE_DATA_DIR: folder,
      STRICTURE_SERVER_AUTH_MODE: 'none',
      SAFE_RELAY_STATIC_TOKEN: 'shown to nobody, as nobody is listening',
    },
  });
  const log = createLog('error');
  const backends = await openBackends(config, log);
  try {
    return await describe(backends, config, log);
  } finally {
    await backends.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
