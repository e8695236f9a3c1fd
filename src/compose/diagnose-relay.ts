import { createLog } from '#platform/process/log.ts';
import { isLoopback } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Config } from './config.ts';
import { type Diagnosis, fine } from './diagnosis.ts';
import { crossesUnencrypted, relayMeans } from './relay.ts';
import { openRelayKeys } from './relay-api.ts';

/** Whether the settings about relays fit together, on the server's side and, where this machine is set up as one, on the relay's. */
export async function* diagnoseRelays(config: Config): AsyncGenerator<Diagnosis> {
  yield* serverSide(config);
  const { coreUrl, privateKeyFile } = config.relay;
  if (coreUrl !== '' || privateKeyFile !== '') yield await relaySide(config);
}

async function* serverSide({ relayAccess, relayCapabilities: { url } }: Config): AsyncGenerator<Diagnosis> {
  const check = 'relays';
  if (relayAccess.addresses.length === 0) {
    const given = [
      ...(url === '' ? [] : ['SAFE_RELAY_URL']),
      ...(relayAccess.publicKeysFile === '' ? [] : ['SAFE_RELAY_PUBLIC_KEYS_FILE']),
    ];
    yield given.length === 0
      ? fine(check, 'none reach this server')
      : {
          check,
          state: 'note',
          found: `none reach this server, though it has ${given.join(' and ')}`,
          remedy: 'Set SAFE_RELAY_API_BIND_ADDRS, unless another node of the same server listens to relays.',
        };
  } else {
    yield await keysOf(check, relayAccess);
    if (url === '')
      yield {
        check: 'relay address',
        state: 'bad',
        found: 'SAFE_RELAY_URL is not set: this server listens to relays and makes no capability for any',
        remedy: 'Set it to where clients reach the relay.',
      };
  }
  if (unencrypted(url))
    yield {
      check: 'relay address',
      state: 'bad',
      found: 'SAFE_RELAY_URL begins with http:// and is not on this machine: clients would send capabilities in clear',
      remedy: 'Put a proxy with TLS before the relay, and set https://.',
    };
}

async function keysOf(check: string, relayAccess: Config['relayAccess']): Promise<Diagnosis> {
  try {
    const keys = await openRelayKeys(relayAccess, createLog('error'));
    if (keys === undefined) return fine(check, 'a static token, on loopback, for development');
    const known = (await keys.current()).size;
    if (known > 0) return fine(check, `${known} public ${known === 1 ? 'key' : 'keys'}`);
    return {
      check,
      state: 'bad',
      found: 'SAFE_RELAY_PUBLIC_KEYS_FILE has no key: no relay could prove to be one',
      remedy: '`proofline keys relay` makes keys.',
    };
  } catch (error) {
    return said(check, error);
  }
}

async function relaySide(config: Config): Promise<Diagnosis> {
  const check = 'as a relay';
  try {
    await relayMeans(config, createLog('error'));
  } catch (error) {
    return said(check, error);
  }
  return crossesUnencrypted(config)
    ? {
        check,
        state: 'note',
        found: 'SAFE_RELAY_CORE_URL begins with http:// and is not on this machine',
        remedy: 'Use https://, unless the network between is private.',
      }
    : fine(check, 'it knows its server, and can prove itself to it');
}

function said(check: string, error: unknown): Diagnosis {
  if (!(error instanceof StartupError)) throw error;
  return { check, state: 'bad', found: error.message, remedy: error.remedy };
}

function unencrypted(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}
