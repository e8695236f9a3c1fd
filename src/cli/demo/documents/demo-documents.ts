import { join } from 'node:path';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { loadConfig } from '#compose/config.ts';
import { createAccount } from '#features/accounts/index.ts';
import { createLog } from '#platform/process/log.ts';
import { newSecret } from '#platform/process/secrets.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { freePort } from '../free-port.ts';
import { tourDocuments } from './documents-tour.ts';

export interface DocumentsDemo {
  verified: boolean;
  stop(): Promise<void>;
}

/** The whole server as a process of its own, three accounts, and the tour through their vaults. */
export async function demoDocuments(folder: string, say: (line: string) => void): Promise<DocumentsDemo> {
  const port = await freePort();
  const environment = {
    SAFE_DATA_DIR: join(folder, 'data'),
    SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${port}`,
    SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'false',
    SECRET_KEY: newSecret(),
  };
  const accounts = { ada: newSecret(), bob: newSecret(), cleo: newSecret() };
  const { config } = loadConfig({ environment });
  const metadata = await openMetadata(config, createLog('error'));
  try {
    for (const [username, password] of Object.entries(accounts)) {
      const role = username === 'ada' ? 'admin' : 'user';
      await createAccount({ metadata }, { username, password, role, by: { actor: 'command_line' } });
    }
  } finally {
    await metadata.close();
  }
  const start = () => startDemoProcess('server', folder, ['serve'], environment);
  let server: DemoProcess = await start();
  const url = `http://127.0.0.1:${port}`;
  try {
    say(`Server     ${url}   (everything in ${environment.SAFE_DATA_DIR})`);
    say(`Pages      ${url}/documents   (user ada, password ${accounts.ada})\n`);
    const restart = async () => {
      await server.kill();
      server = await start();
    };
    const verified = await tourDocuments({ url, accounts, folder, restart, say });
    return { verified, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
