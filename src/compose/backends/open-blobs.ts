import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, dataPaths } from '../config.ts';
import { refuseLostBlobs } from '../data-dir.ts';

/** The store of bytes that the configuration asks for. `hasChunks`: the database knows some, so there must be bytes. Throws StartupError. */
export async function openBlobs(config: Config, log: Log, hasChunks: boolean): Promise<BlobStore> {
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
