import { join } from 'node:path';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { loadConfig } from '#compose/config.ts';
import { createAccount } from '#features/accounts/index.ts';
import { createLog } from '#platform/process/log.ts';
import { newSecret } from '#platform/process/secrets.ts';
import { makeRelayKey } from '../../relay-key.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { freePort } from '../free-port.ts';
import { tourCaptures } from './captures-tour.ts';

export interface CapturesDemo {
  verified: boolean;
  stop(): Promise<void>;
}

export interface CapturesWish {
  stays: boolean;
  relay?: boolean;
  variants?: boolean;
}

/** The server, and the relay where it is wished for, as processes of their own, and a recording through them. */
export async function demoCaptures(
  wish: CapturesWish,
  folder: string,
  say: (line: string) => void,
): Promise<CapturesDemo> {
  const [port, apiPort, relayPort] = [await freePort(), await freePort(), await freePort()];
  const [privateKey, publicKeys] = [join(folder, 'relay.key.json'), join(folder, 'relays.json')];
  const account = { username: 'demo', password: newSecret() };
  const url = `http://127.0.0.1:${port}`;
  const relayUrl = `http://127.0.0.1:${relayPort}`;
  if (wish.relay === true) await makeRelayKey('demo', { private: privateKey, public: publicKeys });
  const environment = {
    SAFE_DATA_DIR: join(folder, 'data'),
    SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${port}`,
    SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    ...(wish.relay === true
      ? {
          SAFE_RELAY_API_BIND_ADDRS: `127.0.0.1:${apiPort}`,
          SAFE_RELAY_PUBLIC_KEYS_FILE: publicKeys,
          SAFE_RELAY_URL: relayUrl,
        }
      : {}),
  };
  const { config } = loadConfig({ environment });
  const metadata = await openMetadata(config, createLog('error'));
  try {
    await createAccount({ metadata }, { ...account, role: 'admin', by: { actor: 'command_line' } });
  } finally {
    await metadata.close();
  }
  const startServer = () => startDemoProcess('server', folder, ['serve'], environment);
  const startRelay = () =>
    startDemoProcess('relay', folder, ['relay'], {
      SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${relayPort}`,
      SAFE_RELAY_CORE_URL: `http://127.0.0.1:${apiPort}`,
      SAFE_RELAY_PRIVATE_KEY_FILE: privateKey,
      SAFE_RELAY_STAGING_DIR: join(folder, 'relay'),
      SAFE_RELAY_LIVE_ORIGINS: url,
    });
  let server: DemoProcess = await startServer();
  let relay: DemoProcess | undefined;
  const stop = async () => {
    await relay?.stop();
    await server.stop();
  };
  try {
    if (wish.relay === true) relay = await startRelay();
    say(`Server     ${url}   (everything in ${environment.SAFE_DATA_DIR})`);
    if (wish.relay === true) say(`Relay      ${relayUrl}`);
    const killServer = async () => {
      await server.kill();
      server = await startServer();
    };
    const killRelay = async () => {
      await relay?.kill();
      relay = await startRelay();
    };
    const tour = { url, account, folder, say, variants: wish.variants === true, stays: wish.stays, killServer };
    const verified = await tourCaptures(wish.relay === true ? { ...tour, killRelay } : tour);
    return { verified, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
