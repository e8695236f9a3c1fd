import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import type { Log } from '#platform/process/log.ts';
import { openBlobs } from '../backends/open-blobs.ts';
import { openMetadata } from '../backends/open-metadata.ts';
import { type Config, dataPaths } from '../config.ts';
import { lockDataDir, prepareDataDir } from '../data-dir.ts';
import { pendingMigrationsOf } from '../migrate.ts';
import { TransferFailure } from './transfer-failure.ts';

/** The two halves of a store, as a configuration names them. */
export interface Places {
  rows: {
    /** False when there is nothing at all yet, not even tables. */
    exists(): Promise<boolean>;
    /** The migrations of this version that it has not taken yet. Changes nothing. */
    pending(): Promise<string[]>;
    open(upTo?: string): Promise<Metadata>;
  };
  blobs: {
    exists(): Promise<boolean>;
    open(): Promise<BlobStore>;
  };
  /** No server may run on the data folder meanwhile. Throws StartupError. */
  lock(): { release(): void };
}

/** Chunks that were accepted under another limit must fit too, and nothing else is staged here. */
const noLimit = { maxUploadBytes: Number.MAX_SAFE_INTEGER, stagingQuotaBytes: Number.MAX_SAFE_INTEGER };

export function placesOf(config: Config, log: Log): Places {
  const paths = dataPaths(config);
  const roomy: Config = { ...config, chunks: { ...config.chunks, ...noLimit } };
  return {
    rows: {
      exists: async () => (await pendingMigrationsOf(config)).length < readMigrations('sqlite').length,
      pending: () => pendingMigrationsOf(config),
      open: (upTo) => openMetadata(config, log, { upTo, whileFilling: true }),
    },
    blobs: {
      exists: async () => config.blobs.backend === 's3' || holdsFiles(join(paths.dataDir, 'blobs')),
      open: () => openBlobs(roomy, log, { hasChunks: false, whileFilling: true }),
    },
    lock: () => {
      prepareDataDir(paths);
      return lockDataDir(paths);
    },
  };
}

function holdsFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Throws TransferFailure where there is no store of this version to read: a mistyped folder must not pass for an empty store. */
export async function requireStore(places: Places): Promise<void> {
  if (!(await places.rows.exists()))
    throw new TransferFailure(
      'no_input',
      'There is no store where the configuration says.',
      'Check SAFE_METADATA_BACKEND, SAFE_DATA_DIR and SAFE_DB_PATH, or name the file of settings with --config; `proofline config` shows them.',
    );
  if ((await places.rows.pending()).length > 0)
    throw new TransferFailure(
      'in_the_way',
      'The database is of an earlier version and waits for its migrations.',
      'Use the version that the server runs, or start the server of this version first.',
    );
}
