import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorld, type World } from '../../http/support/world.ts';
import { scratchFolder, startServer, type TestServer } from '../../support/server.ts';
import { unusedPort } from '../../support/services/unused-port.ts';
import { newRelayKey, writeKeySet } from './relay-keys.ts';
import { startRelay } from './relay-process.ts';

export type Mortal = 'relay' | 'core';

/** A server and a relay before it. Each may be killed, and comes back where it was. */
export interface MortalPair {
  readonly world: World;
  kill(which: Mortal): Promise<void>;
  start(which: Mortal): Promise<void>;
  /** Bytes that the relay says it holds, those of them that readers may ask for, and what lies on its disk. */
  held(): Promise<{ staged: number; window: number; files: number }>;
  /** Lines that no death of the other explains. */
  errors(): string[];
  close(): Promise<void>;
}

export async function openMortalPair(name: string): Promise<MortalPair> {
  const { path: folder, remove } = scratchFolder(`mortal-${name}`);
  const [keySetFile, keyFile, staging] = [
    join(folder, 'relays.json'),
    join(folder, 'key.jwk'),
    join(folder, 'staging'),
  ];
  const key = await newRelayKey('north');
  writeKeySet(keySetFile, [key]);
  writeFileSync(keyFile, JSON.stringify(key.privateJwk), { mode: 0o600 });
  const [main, relayApi, edge] = [await unusedPort(), await unusedPort(), await unusedPort()];
  const coreEnv = {
    SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${main}`,
    SAFE_RELAY_API_BIND_ADDRS: `127.0.0.1:${relayApi}`,
    SAFE_RELAY_PUBLIC_KEYS_FILE: keySetFile,
    SAFE_RELAY_URL: `http://127.0.0.1:${edge}`,
  };
  const world = await openWorld(`mortal-${name}`, coreEnv);
  const { dataDir } = world.server;
  const starts: Record<Mortal, () => Promise<TestServer>> = {
    core: () => startServer({ dataDir, env: coreEnv }),
    relay: () =>
      startRelay({
        folder,
        coreUrl: `http://127.0.0.1:${relayApi}`,
        env: {
          SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${edge}`,
          SAFE_RELAY_METRICS_BIND_ADDRS: '127.0.0.1:0',
          SAFE_RELAY_STAGING_DIR: staging,
          // So that much of what is under way lies in files.
          SAFE_RELAY_STAGING_MEMORY_BYTES: '256KiB',
          SAFE_RELAY_STATIC_TOKEN: '',
          SAFE_RELAY_PRIVATE_KEY_FILE: keyFile,
        },
      }),
  };
  const living = { core: world.server, relay: await starts.relay() };
  const errors: string[] = [];
  const listen = (which: Mortal) => {
    for (const line of living[which].log().split('\n'))
      if (/"level":"(error|fatal)"/.test(line)) errors.push(`the ${which}: ${line}`);
  };
  return {
    world,
    kill: async (which) => {
      await living[which].kill();
      listen(which);
    },
    start: async (which) => {
      living[which] = await starts[which]();
    },
    held: async () => {
      const text = await (await fetch(`${living.relay.adminUrl}/metrics`)).text();
      const metric = (what: string) =>
        Number(new RegExp(`^proofline_relay_${what}_bytes (\\d+)$`, 'm').exec(text)?.[1]);
      const bodies = join(staging, 'bodies');
      const files = readdirSync(bodies).reduce((sum, name) => sum + statSync(join(bodies, name)).size, 0);
      return { staged: metric('staged'), window: metric('window'), files };
    },
    errors: () => errors,
    close: async () => {
      for (const which of ['relay', 'core'] as const) {
        await living[which].stop();
        listen(which);
      }
      world.remove();
      remove();
    },
  };
}
