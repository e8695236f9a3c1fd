import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import type { Log } from '#platform/process/log.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import { type Config, dataPaths } from '../config.ts';
import { prepareDataDir } from '../data-dir.ts';

/** The database alone, for commands of one act; works beside a running server. Throws StartupError. */
export async function openMetadata(config: Config, log: Log): Promise<Metadata> {
  const paths = dataPaths(config);
  prepareDataDir(paths);
  const writerModule = threadModule(import.meta.url, 'sqlite-writer.thread');
  return await openSqlite({ path: paths.dbPath, writerModule, log });
}
