import type { S3Access } from '#platform/blobs/s3/s3-client.ts';

export interface R2Keys {
  /** 32 hexadecimal digits. */
  accountId: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Of a bucket that has to stay in one jurisdiction. */
  jurisdiction?: 'eu' | 'fedramp';
}

/** R2 as everything but a Worker reaches it: through its S3 API. */
export function r2Access({ accountId, jurisdiction, ...keys }: R2Keys): S3Access {
  const place = jurisdiction === undefined ? accountId : `${accountId}.${jurisdiction}`;
  return { endpoint: `https://${place}.r2.cloudflarestorage.com`, region: 'auto', forcePathStyle: true, keys };
}
