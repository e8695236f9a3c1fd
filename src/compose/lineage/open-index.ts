import { join } from 'node:path';
import { DatabaseRunIndex } from '#features/lineage/index.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import type { Log } from '#platform/process/log.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import { openMetadata } from '../backends/open-metadata.ts';
import { type Config, lineageDir } from '../config.ts';

export interface LineageIndex {
  days: DatabaseRunIndex;
  close(): Promise<void>;
}

/** In a file of its own, which may be deleted while nobody has it open, or in the PostgreSQL of the server. Throws StartupError. */
export async function openIndex(config: Config, log: Log): Promise<LineageIndex | undefined> {
  const { index } = config.lineage;
  if (index === 'none') return undefined;
  const metadata =
    index === 'sqlite'
      ? await openSqlite({
          path: join(lineageDir(config), '.index.db'),
          writerModule: threadModule(import.meta.url, '../backends/sqlite-writer.thread'),
          log,
        })
      : await openMetadata({ ...config, metadata: { ...config.metadata, backend: 'postgresql' } }, log);
  return { days: new DatabaseRunIndex(metadata), close: () => metadata.close() };
}
