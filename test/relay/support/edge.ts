import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorld, type World } from '../../http/support/world.ts';
import { scratchFolder, type TestServer } from '../../support/server.ts';
import { newRelayKey, type RelayKey, writeKeySet } from './relay-keys.ts';
import { startRelay } from './relay-process.ts';

export interface Place {
  incidentId: string;
  streamId: string;
}

/** A real server and a real relay before it, which proves itself with a key. */
export interface Edge {
  world: World;
  relay: TestServer;
  key: RelayKey;
  folder: string;
  keySetFile: string;
  keyFile: string;
  /** Another relay with the same key, stopped by `close` too. */
  another(env?: Record<string, string>): Promise<TestServer>;
  openStream(fields?: object): Promise<Place>;
  /** The token of a new one. */
  capability(place: Place, wish?: object): Promise<string>;
  /** Of the incident, as the server lists them: hash by index. */
  accepted(place: Place): Promise<Map<number, string>>;
  metric(name: string): Promise<number>;
  close(): Promise<void>;
}

export interface EdgeOptions {
  coreEnv?: Record<string, string>;
  relayEnv?: Record<string, string>;
  /** What stands between them: the address that the relay gets for the one of the core. */
  between?: (relayApiUrl: string) => Promise<string>;
  /** Put before the relay's node binary. */
  wrapper?: readonly string[];
}

export async function openEdge(name: string, { coreEnv, relayEnv, between, wrapper }: EdgeOptions = {}): Promise<Edge> {
  const { path: folder, remove } = scratchFolder(`edge-${name}`);
  const [keySetFile, keyFile] = [join(folder, 'relays.json'), join(folder, 'key.jwk')];
  const key = await newRelayKey('north');
  writeKeySet(keySetFile, [key]);
  writeFileSync(keyFile, JSON.stringify(key.privateJwk), { mode: 0o600 });
  const world = await openWorld(`edge-${name}`, {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: keySetFile,
    SAFE_RELAY_URL: 'https://relay.example.org',
    ...coreEnv,
  });
  const coreUrl = (await between?.(world.server.relayApiUrl)) ?? world.server.relayApiUrl;
  const relays: TestServer[] = [];
  const another = async (env: Record<string, string> = {}) => {
    const relay = await startRelay({
      folder: join(folder, `relay-${relays.length}`),
      coreUrl,
      ...(wrapper === undefined ? {} : { wrapper }),
      env: {
        SAFE_RELAY_STATIC_TOKEN: '',
        SAFE_RELAY_PRIVATE_KEY_FILE: keyFile,
        SAFE_RELAY_METRICS_BIND_ADDRS: '127.0.0.1:0',
        ...relayEnv,
        ...env,
      },
    });
    relays.push(relay);
    return relay;
  };
  const relay = await another();
  return {
    world,
    relay,
    key,
    folder,
    keySetFile,
    keyFile,
    another,
    openStream: async (fields = { media_type: 'video' }) => {
      const incidentId = await world.ada.incident();
      const opened = await world.ada.post(`/v1/incidents/${incidentId}/streams`, fields);
      return { incidentId, streamId: opened.body.stream.id };
    },
    capability: async ({ incidentId, streamId }, wish = { kind: 'upload' }) => {
      const made = await world.ada.post(`/v1/incidents/${incidentId}/streams/${streamId}/relay-capabilities`, wish);
      if (made.status !== 201) throw new Error(`no capability: ${made.code}`);
      return made.body.token;
    },
    accepted: async ({ incidentId }) => {
      const found = new Map<number, string>();
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page = await world.ada.get(
          `/v1/incidents/${incidentId}/chunks?limit=200${cursor && `&cursor=${cursor}`}`,
        );
        for (const chunk of page.body.chunks) {
          if (found.has(chunk.chunk_index)) throw new Error(`chunk ${chunk.chunk_index} is there twice`);
          found.set(chunk.chunk_index, chunk.sha256_hex);
        }
        cursor = page.body.next_cursor;
      }
      return found;
    },
    metric: async (metricName) => {
      const text = await (await fetch(`${relay.adminUrl}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${metricName} `));
      if (line === undefined) throw new Error(`no metric ${metricName}`);
      return Number(line.split(' ')[1]);
    },
    close: async () => {
      for (const one of relays) await one.stop();
      await world.close();
      remove();
    },
  };
}
