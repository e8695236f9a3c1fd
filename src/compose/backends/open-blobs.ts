import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, dataPaths } from '../config.ts';
import { refuseLostBlobs } from '../data-dir.ts';
import { refuseFillingBlobs } from '../transfer/being-filled.ts';

export interface OpenBlobsOptions {
  /** The database knows some chunks, so there must be bytes. */
  hasChunks: boolean;
  /** Open it also while a restore or a move fills it. */
  whileFilling?: boolean;
}

/** The store of bytes that the configuration asks for. Throws StartupError. */
export async function openBlobs(config: Config, log: Log, options: OpenBlobsOptions): Promise<BlobStore> {
  const blobs = await openConfigured(config, log, options.hasChunks);
  if (options.whileFilling === true) return blobs;
  try {
    await refuseFillingBlobs(blobs);
    return blobs;
  } catch (error) {
    await blobs.close();
    throw error;
  }
}

async function openConfigured(config: Config, log: Log, hasChunks: boolean): Promise<BlobStore> {
  const paths = dataPaths(config);
  refuseLostBlobs(paths, hasChunks);
  return await openLocalBlobStore({
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
}
