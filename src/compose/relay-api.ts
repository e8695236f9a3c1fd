import type { ChunkUploads } from '#features/incidents/index.ts';
import { RelayKeys, relayApiRoutes, relayIdentity } from '#features/relay-access/index.ts';
import type { Route } from '#http/route.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import type { Log } from '#platform/process/log.ts';
import { isLoopback } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Config } from './config.ts';

/** What is served on SAFE_RELAY_API_BIND_ADDRS. Throws StartupError where nobody could prove to be a relay, or anybody. */
export async function openRelayApi(
  uploads: ChunkUploads,
  { relayAccess, relayCapabilities }: Config,
  { coordinator, log }: { coordinator: Coordinator; log: Log },
): Promise<Route[]> {
  const keys = await openRelayKeys(relayAccess, log);
  const identity = relayIdentity({ keys, staticToken: relayAccess.staticToken, coordinator });
  return relayApiRoutes({ ...uploads, identity }, relayCapabilities);
}

/** Undefined where a static token stands in for them. Throws StartupError. */
export async function openRelayKeys(
  { addresses, publicKeysFile, staticToken }: Config['relayAccess'],
  log: Log,
): Promise<RelayKeys | undefined> {
  if (staticToken !== '' && !addresses.every(({ host }) => isLoopback(host)))
    throw new StartupError(
      'SAFE_RELAY_STATIC_TOKEN is for development, and SAFE_RELAY_API_BIND_ADDRS listens to other machines.',
      'Use SAFE_RELAY_PUBLIC_KEYS_FILE, or listen on 127.0.0.1.',
    );
  if (staticToken === '' && publicKeysFile === '')
    throw new StartupError(
      'SAFE_RELAY_API_BIND_ADDRS is set, but no relay could prove to be one.',
      'Set SAFE_RELAY_PUBLIC_KEYS_FILE; `proofline keys relay` makes keys.',
    );
  return publicKeysFile === '' ? undefined : await RelayKeys.open(publicKeysFile, log);
}
