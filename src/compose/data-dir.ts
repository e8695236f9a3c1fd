import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockFile } from '#platform/process/lock-file.ts';
import { StartupError } from '#platform/process/startup-error.ts';

export interface DataPaths {
  dataDir: string;
  dbPath: string;
}

/** Makes the folder on a first start. Throws StartupError. */
export function prepareDataDir({ dataDir }: Pick<DataPaths, 'dataDir'>): void {
  makeFolder(dataDir, 'SAFE_DATA_DIR');
}

/** Where rows are in a file beside the blobs: refuses a folder that has lost it, unless it is to be filled. Throws StartupError. */
export function prepareSqliteFile({ dataDir, dbPath }: DataPaths, { mayBeNew }: { mayBeNew: boolean }): void {
  makeFolder(dirname(dbPath), 'SAFE_DB_PATH');
  if (mayBeNew) return;
  const blobs = join(dataDir, 'blobs', 'incidents');
  const hasBlobs = existsSync(blobs) && readdirSync(blobs).length > 0;
  if (hasBlobs && !existsSync(dbPath)) {
    throw new StartupError(
      'There are blobs in SAFE_DATA_DIR, but the database that knows them is missing.',
      'Put the database back, from its place in SAFE_DB_PATH or from a backup. To start empty, choose another SAFE_DATA_DIR.',
    );
  }
}

/** After the database is open: rows without any blob mean that a disk is not mounted or a folder is gone. */
export function refuseLostBlobs({ dataDir }: DataPaths, hasChunks: boolean): void {
  const blobs = join(dataDir, 'blobs', 'incidents');
  if (hasChunks && !existsSync(blobs)) {
    throw new StartupError(
      'The database knows chunks, but the folder of their bytes is missing from SAFE_DATA_DIR.',
      'Check that the disk is mounted and SAFE_DATA_DIR is right, or restore the folder "blobs" from a backup.',
    );
  }
}

function makeFolder(path: string, setting: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new Error('not a folder');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StartupError(
      `The folder in ${setting} cannot be made or written.`,
      `Check that it is a folder, that this user may write it, and that its disk is mounted and not read-only.`,
      { cause },
    );
  }
}

/** One server process a data folder: what is being committed is known only inside it. */
export function lockDataDir({ dataDir }: DataPaths): { release(): void } {
  const lock = lockFile(join(dataDir, 'server.lock'));
  if (lock !== undefined) return lock;
  throw new StartupError(
    'Another server runs on this SAFE_DATA_DIR.',
    'Stop it first (systemctl stop proofline), or give this one a data folder of its own.',
  );
}
