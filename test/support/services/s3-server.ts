import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Access } from '#platform/blobs/s3/s3-client.ts';

/** A real S3-compatible server of its own on 127.0.0.1. */
export interface TestS3 {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly pids: readonly number[];
  /** A new bucket of its own; returns its name. With versions, removed objects stay behind. */
  createBucket(kind?: 'plain' | 'versioned'): Promise<string>;
  stop(): Promise<void>;
}

export const testKeys = { accessKey: 'test-key-id', secretKey: 'test-secret-access-key' };

export function s3Access(endpoint: string): S3Access {
  const { accessKey: accessKeyId, secretKey: secretAccessKey } = testKeys;
  return { endpoint, region: 'us-east-1', forcePathStyle: true, keys: { accessKeyId, secretAccessKey } };
}

export async function createBucket(endpoint: string, kind: 'plain' | 'versioned' = 'plain'): Promise<string> {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: testKeys.accessKey, secretAccessKey: testKeys.secretKey },
  });
  const name = `test-${randomBytes(6).toString('hex')}`;
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
    if (kind === 'versioned')
      await client.send(
        new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    return name;
  } finally {
    client.destroy();
  }
}

/** What a server under test is told, so that it keeps its blobs there. */
export function s3Environment({ endpoint, accessKey, secretKey }: TestS3, bucket: string): Record<string, string> {
  return {
    SAFE_BLOB_BACKEND: 's3',
    SAFE_S3_ENDPOINT: endpoint,
    SAFE_S3_BUCKET: bucket,
    SAFE_S3_ACCESS_KEY_ID: accessKey,
    SAFE_S3_SECRET_ACCESS_KEY: secretKey,
  };
}

/** Resolves when something listens there. */
export async function listening(port: number, untilMs: number): Promise<void> {
  const end = Date.now() + untilMs;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (there === true) return;
    if (Date.now() > end) throw new Error('the server did not start to listen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
