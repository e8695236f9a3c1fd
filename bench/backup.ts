/** What a backup, the next one and a restore take, for docs/operations: `node bench/backup.ts [chunks] [bytes a chunk]` */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openIncident, openStream } from '../test/support/api.ts';
import { adminPassword, cli, createAccount, scratchFolder } from '../test/support/server.ts';
import { startStore } from '../test/transfer/varied-store.ts';

export interface BackupFigures {
  chunks: number;
  chunkBytes: number;
  /** Seconds, whole commands from start to exit. */
  first: number;
  /** With nothing new, and with a hundredth more. */
  again: number;
  incremental: number;
  dryRun: number;
  restore: number;
}

const chunksPerStream = 1_000;

export async function measureBackup(chunks = 10_000, chunkBytes = 65_536): Promise<BackupFigures> {
  const folder = scratchFolder('bench');
  const source = { dataDir: join(folder.path, 'source') };
  const backups = join(folder.path, 'backups');
  try {
    await createAccount(source.dataDir, 'ada', 'admin');
    const { server, ada } = await startStore(source);
    const upload = async (count: number) => {
      for (let from = 0; from < count; from += chunksPerStream) {
        const incident = await openIncident(ada);
        const stream = await openStream(ada, incident);
        const size = Math.min(chunksPerStream, count - from);
        let next = 1;
        const lane = async () => {
          for (let index = next++; index <= size; index = next++)
            await ada.putChunk(incident, stream, index, randomBytes(chunkBytes));
        };
        await Promise.all(Array.from({ length: 16 }, lane));
        await ada.call('POST', `/v1/incidents/${incident}/streams/${stream}/complete`, { expected_chunk_count: size });
      }
    };
    const timed = async (args: readonly string[], dataDir: string): Promise<number> => {
      const began = performance.now();
      const { code, stderr } = await cli(args, { SAFE_DATA_DIR: dataDir }, adminPassword);
      if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}`);
      return (performance.now() - began) / 1000;
    };
    await upload(chunks);
    const first = await timed(['backup', backups], source.dataDir);
    const again = await timed(['backup', backups], source.dataDir);
    await upload(Math.ceil(chunks / 100));
    const incremental = await timed(['backup', backups], source.dataDir);
    await server.stop();
    const target = join(folder.path, 'target');
    const dryRun = await timed(['restore', backups, '--dry-run'], target);
    const restore = await timed(['restore', backups], target);
    return { chunks, chunkBytes, first, again, incremental, dryRun, restore };
  } finally {
    folder.remove();
  }
}

if (import.meta.main) {
  const [chunks, bytes] = process.argv.slice(2).map(Number);
  process.stdout.write(`${JSON.stringify(await measureBackup(chunks, bytes), null, 2)}\n`);
}
