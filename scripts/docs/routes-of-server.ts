import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackends } from '#compose/backends/open-backends.ts';
import { loadConfig } from '#compose/config.ts';
import { mainRoutes } from '#compose/server.ts';
import { UploadsInFlight } from '#features/incidents/index.ts';
import type { Route } from '#http/route.ts';
import { createLog } from '#platform/process/log.ts';

/** The routes of the main listener of a server that listens nowhere, on an empty folder: describing them needs no request. */
export async function routesOfServer(): Promise<Route[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-docs-'));
  const { config } = loadConfig({ environment: { SAFE_DATA_DIR: folder } });
  const backends = await openBackends(config, createLog('error'));
  try {
    return mainRoutes({ ...backends, inFlight: new UploadsInFlight() }, config);
  } finally {
    await backends.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
