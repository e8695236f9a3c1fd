import { join } from 'node:path';
import { newSecret } from '#platform/process/secrets.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { freePort } from '../free-port.ts';
import { tourLineage } from './lineage-tour.ts';

export interface LineageDemo {
  verified: boolean;
  stop(): Promise<void>;
}

/** Lineage alone, as a process of its own with a folder and no database, and the tour through it. */
export async function demoLineage(folder: string, say: (line: string) => void): Promise<LineageDemo> {
  const [token, adminToken] = [newSecret(), newSecret()];
  const port = await freePort();
  const start = () =>
    startDemoProcess('lineage', folder, ['lineage', 'serve'], {
      STRICTURE_SERVER_ADDR: `127.0.0.1:${port}`,
      STRICTURE_SERVER_STORAGE_DRIVER: 'fs',
      STRICTURE_SERVER_DATA_DIR: join(folder, 'lineage'),
      STRICTURE_SERVER_AUTH_MODE: 'token',
      STRICTURE_SERVER_INGEST_TOKEN: token,
      STRICTURE_SERVER_ADMIN_TOKEN: adminToken,
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    });
  let server: DemoProcess = await start();
  const url = `http://127.0.0.1:${port}`;
  try {
    say(`Server     ${url}   (records in ${join(folder, 'lineage')})`);
    say(`Pages      ${url}/lineage   (token ${token})\n`);
    const restart = async () => {
      await server.kill();
      server = await start();
    };
    const verified = await tourLineage({ url, token, adminToken, folder, restart, say });
    return { verified, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
