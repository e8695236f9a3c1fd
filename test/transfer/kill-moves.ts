import { join } from 'node:path';
import type { Finding } from '../support/finding.ts';
import { seeded } from '../support/random.ts';
import { scratchFolder } from '../support/server.ts';
import { inPostgres, inS3, startServices } from './four-places.ts';
import { type KillTransferOptions, killFills } from './kill-transfers.ts';
import { makeVariedStore, readStore } from './varied-store.ts';

/** Needs 'postgres' and 'radosgw'. */
export async function killMoves(options: KillTransferOptions): Promise<Finding> {
  const folder = scratchFolder('kill-move');
  const services = await startServices();
  const source = { dataDir: join(folder.path, 'source') };
  let targets = 0;
  try {
    await makeVariedStore(source, seeded(options.seed), 2);
    const original = await readStore(source);
    const command = {
      name: 'move',
      args: ['move', '--to-postgresql', '--to-s3'],
      // The command is told of the new place beside the old one; a server there is told that it is its own.
      env: ({ env = {} }: { env?: Record<string, string> }) => {
        const { SAFE_METADATA_BACKEND: _, SAFE_BLOB_BACKEND: __, ...elsewhere } = env;
        return { ...elsewhere, SAFE_DATA_DIR: source.dataDir };
      },
      fresh: async () => {
        targets += 1;
        const env = { ...(await services.elsewhere()), ...inPostgres, ...inS3 };
        return { dataDir: join(folder.path, `node-${targets}`), env };
      },
    };
    return await killFills(command, original, options);
  } finally {
    await services.stop();
    folder.remove();
  }
}
