import type { ValuesOf } from '#platform/process/setting.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { blobSettings } from '../blobs.config.ts';
import type { S3Access } from './s3-client.ts';

/** One PutObject takes no more. Bytes. */
export const maxObjectBytes = 5 * 1024 ** 3;

export type BlobConfig = ValuesOf<typeof blobSettings>;

/** The settings of S3 against each other. Throws StartupError naming settings, never values. */
export function checkS3Settings(blobs: BlobConfig, maxUploadBytes: Readonly<Record<string, number>>): void {
  if (blobs.backend !== 's3') return;
  if (blobs.s3Bucket === '')
    throw new StartupError(
      'SAFE_BLOB_BACKEND is s3, but SAFE_S3_BUCKET is not set.',
      'Name the bucket in SAFE_S3_BUCKET. It must exist already.',
    );
  if ((blobs.s3AccessKeyId === '') !== (blobs.s3SecretAccessKey === '')) {
    const [given, absent] =
      blobs.s3AccessKeyId === ''
        ? ['SAFE_S3_SECRET_ACCESS_KEY', 'SAFE_S3_ACCESS_KEY_ID']
        : ['SAFE_S3_ACCESS_KEY_ID', 'SAFE_S3_SECRET_ACCESS_KEY'];
    throw new StartupError(
      `${given} is set, but ${absent} is not.`,
      "Set both, or neither to use the keys that AWS's SDK finds by itself.",
    );
  }
  if (blobs.s3SessionToken !== '' && blobs.s3AccessKeyId === '')
    throw new StartupError(
      'SAFE_S3_SESSION_TOKEN is set without the keys it belongs to.',
      'Set SAFE_S3_ACCESS_KEY_ID and SAFE_S3_SECRET_ACCESS_KEY too, or remove it.',
    );
  for (const [setting, bytes] of Object.entries(maxUploadBytes)) {
    if (bytes <= maxObjectBytes) continue;
    throw new StartupError(
      `${setting} is larger than the 5 GiB that an S3 store takes in one request.`,
      `Lower ${setting}.`,
    );
  }
}

export function s3Access(blobs: BlobConfig): S3Access {
  return {
    endpoint: blobs.s3Endpoint === '' ? undefined : blobs.s3Endpoint,
    region: blobs.s3Region,
    forcePathStyle: blobs.s3ForcePathStyle === 'auto' ? blobs.s3Endpoint !== '' : blobs.s3ForcePathStyle === 'true',
    keys:
      blobs.s3AccessKeyId === ''
        ? undefined
        : {
            accessKeyId: blobs.s3AccessKeyId,
            secretAccessKey: blobs.s3SecretAccessKey,
            ...(blobs.s3SessionToken === '' ? {} : { sessionToken: blobs.s3SessionToken }),
          },
  };
}
