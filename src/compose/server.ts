import type { AddressInfo } from 'node:net';
import type { Log } from '#platform/process/log.ts';
import { openBackends } from './backends/open-backends.ts';
import { type Config, dataPaths } from './config.ts';
import { lockDataDir, prepareDataDir } from './data-dir.ts';

export interface RunningServer {
  main: readonly AddressInfo[];
  admin: readonly AddressInfo[];
  /** None unless relays are served. */
  relayApi: readonly AddressInfo[];
  /** False while nobody can sign in yet. */
  isSetUp: boolean;
  /** Not ready, stop accepting, finish what runs until the deadline, release in reverse order. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** For the one-time set-up, where the configuration has none: made for this process alone. */
  setupSecret?: string;
}

/** Opens everything in order; on failure closes what was opened and throws, StartupError where an operator can mend it. */
export async function startServer(config: Config, log: Log, options: ServerOptions = {}): Promise<RunningServer> {
  const paths = dataPaths(config);
  prepareDataDir(paths);
  const opened: (() => Promise<void> | void)[] = [];
  const release = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const lock = lockDataDir(paths);
    opened.push(() => lock.release());
    // The thread of the database starts while what is served is read, which takes as long.
    const opening = openBackends(config, log);
    const reading = import('./serve-backends.ts');
    const stores = await opening;
    opened.push(() => stores.close());
    const { serveBackends } = await reading;
    const { refuse, ...served } = await serveBackends(stores, config, log, { ...options, opened });
    return {
      ...served,
      stop: async () => {
        refuse();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}
