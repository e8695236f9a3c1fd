import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { bucketPrefix, cellServers, currentCell } from './cells.ts';

/** The bytes behind a server, looked at and bent beside it. Names are those of the store: `incidents/…`. */
export interface StoredBlobs {
  /** Undefined when there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /** Puts them there whatever stands there. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** Every name under a prefix of whole segments. */
  list(prefix: string): Promise<string[]>;
}

export function storedBlobs(dataDir: string): StoredBlobs {
  return currentCell.blobs === 'disk' ? onDisk(join(dataDir, 'blobs')) : inBucket(bucketPrefix(dataDir));
}

export const chunkName = (incident: string, lane: string, index: number, mediaType = 'video') =>
  `incidents/${incident}/${lane === '' ? '' : `streams/${lane}/`}${mediaType}_${String(index).padStart(6, '0')}.enc`;

function onDisk(root: string): StoredBlobs {
  return {
    async read(name) {
      try {
        return readFileSync(join(root, name));
      } catch {
        return undefined;
      }
    },
    async write(name, bytes) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), bytes);
    },
    remove: async (name) => rmSync(join(root, name)),
    async list(prefix) {
      try {
        return readdirSync(join(root, prefix), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(root, join(entry.parentPath, entry.name)));
      } catch {
        return [];
      }
    },
  };
}

function inBucket(prefix: string): StoredBlobs {
  const { s3 } = cellServers;
  if (s3 === undefined) throw new Error('no S3 server was started for this cell');
  return blobsInBucket(s3, prefix);
}

export interface ReachedBucket {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  bucket: string;
}

/** The prefix is not empty and has no slash at its end. */
export function blobsInBucket(place: ReachedBucket, prefix: string): StoredBlobs {
  const { bucket: Bucket, endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = place;
  const ask = async <T>(work: (client: S3Client) => Promise<T>): Promise<T> => {
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  };
  const keyOf = (name: string) => `${prefix}/${name}`;
  return {
    read: (name) =>
      ask(async (client) => {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(name) }));
          return Buffer.from((await Body?.transformToByteArray()) ?? []);
        } catch (error) {
          if (error instanceof NoSuchKey) return undefined;
          throw error;
        }
      }),
    write: (name, bytes) =>
      ask(async (client) => void (await client.send(new PutObjectCommand({ Bucket, Key: keyOf(name), Body: bytes })))),
    remove: (name) =>
      ask(async (client) => void (await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(name) })))),
    list: (under) =>
      ask(async (client) => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: keyOf(`${under}/`) }));
        return Contents.map(({ Key = '' }) => Key.slice(prefix.length + 1));
      }),
  };
}
