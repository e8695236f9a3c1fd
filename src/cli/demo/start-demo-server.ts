import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { loadConfig } from '#compose/config.ts';
import { startServer } from '#compose/server.ts';
import { createAccount } from '#features/accounts/index.ts';
import { createLog } from '#platform/process/log.ts';
import { newSecret } from '#platform/process/secrets.ts';

export interface DemoServer {
  url: string;
  adminUrl: string;
  username: string;
  password: string;
  stop(): Promise<void>;
}

/** The real server in this process, on free ports and a folder of its own, with one administrator. */
export async function startDemoServer(folder: string): Promise<DemoServer> {
  const { config } = loadConfig({
    environment: {
      SAFE_DATA_DIR: join(folder, 'data'),
      SAFE_MAIN_BIND_ADDRS: '127.0.0.1:0',
      SAFE_ADMIN_BIND_ADDRS: '127.0.0.1:0',
    },
  });
  const logFile = createWriteStream(join(folder, 'server.log'));
  const log = createLog('info', { write: (line) => void logFile.write(line) });
  const account = { username: 'demo', password: newSecret() };
  const metadata = await openMetadata(config, log);
  try {
    await createAccount({ metadata }, { ...account, role: 'admin', by: { actor: 'command_line' } });
  } finally {
    await metadata.close();
  }
  const server = await startServer(config, log);
  const url = (port: number | undefined) => `http://127.0.0.1:${port}`;
  return {
    ...account,
    url: url(server.main[0]?.port),
    adminUrl: url(server.admin[0]?.port),
    stop: async () => {
      await server.stop();
      logFile.end();
    },
  };
}
