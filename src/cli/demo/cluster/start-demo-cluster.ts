import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { loadConfig } from '#compose/config.ts';
import { createAccount } from '#features/accounts/index.ts';
import { createLog } from '#platform/process/log.ts';
import { newSecret } from '#platform/process/secrets.ts';
import type { DemoServer } from '../start-demo-server.ts';
import { startBalancer } from './balancer.ts';
import { assertShared } from './needed-settings.ts';
import { type DemoNode, startNode } from './start-node.ts';

export interface DemoCluster {
  /** What a recorder sees: one address, whatever happens behind it. */
  server: DemoServer;
  doomed: DemoNode;
  survivor: DemoNode;
}

/** Two nodes on the PostgreSQL, the bucket and the Valkey that the environment names, and a small balancer before them. */
export async function startDemoCluster(folder: string): Promise<DemoCluster> {
  const { config } = loadConfig({ environment: { ...process.env, SAFE_DATA_DIR: join(folder, 'first') } });
  assertShared(config);
  const logFile = createWriteStream(join(folder, 'set-up.log'));
  const log = createLog('info', { write: (line) => void logFile.write(line) });
  // The database may be somebody's: an account of that name might be there.
  const account = { username: `demo-${randomBytes(3).toString('hex')}`, password: newSecret() };
  const metadata = await openMetadata(config, log);
  try {
    await createAccount({ metadata }, { ...account, role: 'admin', by: { actor: 'command_line' } });
  } finally {
    await metadata.close();
    logFile.end();
  }
  const started = await Promise.allSettled(['node-a', 'node-b'].map((name) => startNode(name, folder)));
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = started.find((result) => result.status === 'rejected');
  const [doomed, survivor] = nodes;
  if (failed !== undefined || doomed === undefined || survivor === undefined) {
    for (const node of nodes) await node.stop();
    throw failed?.reason;
  }
  const balancer = await startBalancer(
    nodes.map(({ port, adminUrl }) => ({ port, readyUrl: `${adminUrl}/admin/health/ready` })),
  );
  return {
    doomed,
    survivor,
    server: {
      ...account,
      url: balancer.url,
      adminUrl: survivor.adminUrl,
      stop: async () => {
        await balancer.stop();
        await Promise.all(nodes.map((node) => node.stop()));
      },
    },
  };
}
