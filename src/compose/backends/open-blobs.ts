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
  const blobs = await (config.blobs.backend === 's3' ? openS3 : openLocal)(config, log, options.hasChunks);
  if (options.whileFilling === true) return blobs;
  try {
    await refuseFillingBlobs(blobs);
    return blobs;
  } catch (error) {
    await blobs.close();
    throw error;
  }
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
    maxBodyBytes: Math.max(config.chunks.maxUploadBytes, config.documents.maxUploadBytes),
    stagingMaxAgeMs: config.chunks.stagingCleanupAgeMs,
  };
}
