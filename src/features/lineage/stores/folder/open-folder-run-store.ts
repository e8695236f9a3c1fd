import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { isProblem } from '#kit/errors.ts';
import { diskFault } from '#platform/blobs/local/disk-problem.ts';
import { type BlobLog, openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import { lockFile } from '#platform/process/lock-file.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { CleanMarker } from './clean-marker.ts';
import { FolderRunStore, type OnRewrite } from './folder-run-store.ts';

export interface FolderOptions {
  /** A folder for runs alone; made when missing. What it keeps for itself has names that begin with a dot. */
  dataDir: string;
  log: BlobLog;
  onRewrite?: OnRewrite;
}

/** A request of the largest size, with `received_at` and its names. Bytes. */
const maxRecordBytes = 16 * 1024 ** 2;
const stagingQuotaBytes = 512 * 1024 ** 2;

/** Throws StartupError. */
export async function openFolderRunStore({ dataDir, log, onRewrite }: FolderOptions): Promise<FolderRunStore> {
  const lock = lockFolder(dataDir);
  try {
    const stagingDir = `${dataDir}/.staging`;
    const blobs = await openLocalBlobStore({
      dataDir,
      blobsDir: dataDir,
      stagingDir,
      stagingQuotaBytes,
      maxBodyBytes: maxRecordBytes,
      // Nobody else stages here, so whatever is there was left behind.
      stagingMaxAgeMs: 0,
      log,
    });
    try {
      const marker = new CleanMarker(dataDir);
      const clean = await marker.take();
      const aside = () => `${stagingDir}/${randomUUID()}`;
      const { release } = lock;
      const hook = onRewrite === undefined ? {} : { onRewrite };
      return new FolderRunStore({ dataDir, stagingDir, blobs, aside, marker, clean, log, release, ...hook });
    } catch (error) {
      await blobs.close();
      throw error;
    }
  } catch (cause) {
    lock.release();
    throw isProblem(cause)
      ? new StartupError(cause.message, 'Check the disk behind the data folder of lineage.', { cause })
      : cause;
  }
}

/** One process a folder: what is being written is known only inside it. */
function lockFolder(dataDir: string): { release(): void } {
  let lock: { release(): void } | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    lock = lockFile(`${dataDir}/.lock`);
  } catch (error) {
    throw new StartupError(
      `The data folder of lineage cannot be made or written (${diskFault(error).errno}).`,
      'Check that it is a folder, that this user may write it, and that its disk is mounted and not read-only.',
    );
  }
  if (lock !== undefined) return lock;
  throw new StartupError(
    'Another process keeps its runs in this data folder.',
    'Stop it first, or give this one a data folder of its own.',
  );
}
