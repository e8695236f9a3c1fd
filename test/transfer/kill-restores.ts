import { join } from 'node:path';
import type { Finding } from '../support/finding.ts';
import { seeded } from '../support/random.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { type KillTransferOptions, killFills } from './kill-transfers.ts';
import { makeVariedStore, readStore } from './varied-store.ts';

export async function killRestores(options: KillTransferOptions): Promise<Finding> {
  const folder = scratchFolder('kill-restore');
  const source = { dataDir: join(folder.path, 'source') };
  const backups = join(folder.path, 'backups');
  let targets = 0;
  try {
    await makeVariedStore(source, seeded(options.seed), 6);
    const original = await readStore(source);
    const made = await cli(['backup', backups], { SAFE_DATA_DIR: source.dataDir });
    if (made.code !== 0) throw new Error(made.stderr);
    const command = {
      name: 'restore',
      args: ['restore', backups],
      env: ({ dataDir }: { dataDir: string }) => ({ SAFE_DATA_DIR: dataDir }),
      fresh: async () => {
        targets += 1;
        return { dataDir: join(folder.path, `target-${targets}`) };
      },
    };
    return await killFills(command, original, options);
  } finally {
    folder.remove();
  }
}
