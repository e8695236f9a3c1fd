import { isProblem } from '#kit/errors.ts';
import type { BlobStore } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';
import type { Log } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type Config, dataPaths } from '../config.ts';
import { refuseLostBlobs } from '../data-dir.ts';

/** The store of bytes that the configuration asks for. `hasChunks`: the database knows some, so there must be bytes. Throws StartupError. */
export async function openBlobs(config: Config, log: Log, hasChunks: boolean): Promise<BlobStore> {
  return config.blobs.backend === 's3' ? openS3(config, log, hasChunks) : openLocal(config, log, hasChunks);
}

async function openLocal(config: Config, log: Log, hasChunks: boolean): Promise<BlobStore> {
  refuseLostBlobs(dataPaths(config), hasChunks);
  return await openLocalBlobStore({ ...placesOf(config), log }).catch((cause: unknown) => {
    throw isProblem(cause)
      ? new StartupError(cause.message, 'Run `proofline doctor`, and check the disk behind SAFE_DATA_DIR.', { cause })
      : cause;
  });
}

async function openS3(config: Config, log: Log, hasChunks: boolean): Promise<BlobStore> {
  // Loaded only where it is used: the SDK costs a start more than everything else together.
  const { S3Connection, openS3BlobStore, quickProbe } = await import('#platform/blobs/s3/index.ts');
  const connection = await S3Connection.open(config.blobs);
  try {
    const report = await connection.requireSound(quickProbe);
    await connection.refuseLostBlobs(hasChunks);
    if (!report.refusesWrongBytes)
      log.warn({}, 'the S3 store does not check the bytes that it is sent; `proofline doctor` says more');
    return await openS3BlobStore({
      ...placesOf(config),
      objects: connection.objects,
      prefix: config.blobs.s3Prefix,
      log,
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}

function placesOf(config: Config) {
  return {
    dataDir: dataPaths(config).dataDir,
    stagingQuotaBytes: config.chunks.stagingQuotaBytes,
    maxBodyBytes: config.chunks.maxUploadBytes,
    stagingMaxAgeMs: config.chunks.stagingCleanupAgeMs,
  };
}
