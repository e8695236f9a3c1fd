import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import type { Log } from '#platform/process/log.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import { type Config, dataPaths, postgresDsns } from '../config.ts';
import { prepareDataDir, prepareSqliteFile } from '../data-dir.ts';
import { refuseFillingRows } from '../transfer/being-filled.ts';

export interface OpenMetadataOptions {
  /** Take no migration after this one. */
  upTo?: string | undefined;
  /** Open it also while a restore or a move fills it. */
  whileFilling?: boolean;
}

/** The database alone, for commands of one act; works beside a running server. Throws StartupError. */
export async function openMetadata(config: Config, log: Log, options: OpenMetadataOptions = {}): Promise<Metadata> {
  const metadata = await (config.metadata.backend === 'postgresql' ? openPostgresql : openFile)(config, log, options);
  if (options.whileFilling === true) return metadata;
  try {
    await refuseFillingRows(metadata.read);
    return metadata;
  } catch (error) {
    await metadata.close();
    throw error;
  }
}

async function openPostgresql(config: Config, log: Log, { upTo }: OpenMetadataOptions): Promise<Metadata> {
  const { postgresMaxOpen: maxOpen, postgresMaxIdle: maxIdle, postgresMaxLifetimeMs: maxLifetimeMs } = config.metadata;
  // Loaded only where it is used, as the transactions are: with SQLite they run in the writer's thread.
  const { openPostgres } = await import('#platform/metadata/postgres/open.ts');
  const { transactions } = await import('../transactions.ts');
  return await openPostgres({ ...postgresDsns(config), transactions, maxOpen, maxIdle, maxLifetimeMs, log, upTo });
}

async function openFile(
  config: Config,
  log: Log,
  { upTo, whileFilling = false }: OpenMetadataOptions,
): Promise<Metadata> {
  const paths = dataPaths(config);
  prepareDataDir(paths);
  prepareSqliteFile(paths, { mayBeNew: whileFilling });
  const writerModule = threadModule(import.meta.url, 'sqlite-writer.thread');
  return await openSqlite({ path: paths.dbPath, writerModule, log, upTo });
}
