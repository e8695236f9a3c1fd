import { isProblem } from '#kit/errors.ts';
import { type LocalBlobStore, openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { threadModule } from '#platform/process/thread-module.ts';
import { type Config, dataPaths } from './config.ts';
import { prepareDataDir, refuseLostBlobs } from './data-dir.ts';

export interface Backends {
  metadata: Metadata;
  blobs: LocalBlobStore;
  coordinator: Coordinator;
  /** In reverse order of opening. */
  close(): Promise<void>;
}

/** The database alone, for commands of one act; works beside a running server. Throws StartupError. */
export async function openMetadata(config: Config, log: Log): Promise<Metadata> {
  const paths = dataPaths(config);
  prepareDataDir(paths);
  const writerModule = threadModule(import.meta.url, 'sqlite-writer.thread');
  return await openSqlite({ path: paths.dbPath, writerModule, log });
}

/** Everything that the server stands on, as the configuration says. Throws StartupError; nothing stays open then. */
export async function openBackends(config: Config, log: Log): Promise<Backends> {
  const paths = dataPaths(config);
  const metadata = await openMetadata(config, log);
  try {
    const chunk = await metadata.read.selectFrom('chunks').select('id').limit(1).executeTakeFirst();
    refuseLostBlobs(paths, chunk !== undefined);
    const blobs = await openLocalBlobStore({
      dataDir: paths.dataDir,
      stagingQuotaBytes: config.chunks.stagingQuotaBytes,
      maxBodyBytes: config.chunks.maxUploadBytes,
      stagingMaxAgeMs: config.chunks.stagingCleanupAgeMs,
      log,
    }).catch((cause: unknown) => {
      throw isProblem(cause)
        ? new StartupError(cause.message, 'Run `proofline doctor`, and check the disk behind SAFE_DATA_DIR.', { cause })
        : cause;
    });
    const coordinator = noCoordination();
    return {
      metadata,
      blobs,
      coordinator,
      close: async () => {
        await coordinator.close();
        await blobs.close();
        await metadata.close();
      },
    };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}
