import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#compose/config.ts';
import { relayRoutes } from '#compose/relay.ts';
import {
  ClientFeedback,
  CoreClient,
  CoreConnection,
  openFanout,
  RelayStaging,
  staticCredentials,
  UploadsAtOnce,
} from '#features/relay/index.ts';
import type { Route } from '#http/route.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { createLog } from '#platform/process/log.ts';

/** The routes of a relay that listens nowhere and has no core. */
export async function routesOfRelay(): Promise<Route[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-docs-'));
  const { config } = loadConfig({ environment: {} });
  const { relay } = config;
  const connection = new CoreConnection({ url: new URL('http://127.0.0.1:1'), silenceMs: 1, sockets: 1 });
  const core = new CoreClient({
    connection,
    credentials: staticCredentials(''),
    preflightTimeoutMs: 1,
    forwardTimeoutMs: 1,
  });
  const feedback = new ClientFeedback(noCoordination(), '', relay);
  const reading = openFanout({ authority: core, feedback, log: createLog('error') }, relay);
  const { shed } = reading.fanout;
  const staging = await RelayStaging.open({ folder, quotaBytes: 1, memoryBytes: 0, shed });
  const uploads = new UploadsAtOnce({ max: 1, maxPerClient: 1 });
  try {
    return relayRoutes(reading, { core, staging, feedback, uploads, maxUploadBytes: relay.maxUploadBytes });
  } finally {
    staging.close();
    reading.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
