import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BlobRange } from '../blob-store.ts';
import { nonceName, type PutObject } from './put-object.ts';
import { PutRequest } from './put-request.ts';
import { S3Failure, s3Failure } from './s3-failure.ts';

export interface ObjectFacts {
  byteSize: number;
  nonce: string | undefined;
}

export interface ObjectBytes {
  /** Of the whole object. */
  byteSize: number;
  /** Of the range, or all. Fails with errors of the network, which `s3Failure` reads. */
  stream: Readable;
  /** As it came, with its quotes. */
  etag: string | undefined;
  metadata: Readonly<Record<string, string>>;
}

export interface ListedObject {
  key: string;
  byteSize: number;
  modifiedAtMs: number;
}

export interface ListQuestion {
  prefix: string;
  limit: number;
  /** `next` of the page before. */
  token?: string | undefined;
  /** Only keys that sort behind this one; for the first page. */
  after?: string | undefined;
  /** Only what is directly under the prefix. */
  level?: boolean;
}

export interface ListPage {
  objects: ListedObject[];
  /** Prefixes that end with a slash; of a level alone. */
  folders: string[];
  next: string | undefined;
  /** The store said that this is not all. */
  truncated: boolean;
}

export interface S3Clients {
  /** For what is answered at once. */
  prompt: S3Client;
  /** For bodies, which a slow reader may hold as long as it likes. */
  bodies: S3Client;
}

/**
 * The requests that a bucket is asked, one method each, one request a call. Whatever they reject with is an S3Failure: errors of
 * the SDK, which carry endpoints, keys and answers, do not get past this class.
 */
export class S3Objects {
  readonly #clients: S3Clients;
  readonly #bucket: string;
  readonly #put: PutRequest;

  constructor(clients: S3Clients, bucket: string) {
    this.#clients = clients;
    this.#put = new PutRequest(clients.prompt, bucket);
    this.#bucket = bucket;
  }

  /** Creates the object, never replaces one: 412 when the key is taken, by us perhaps. With `over` it replaces that very one. */
  put(key: string, put: PutObject, signal: AbortSignal): Promise<void> {
    return this.#put.send(key, put, signal);
  }

  /** Undefined when there is no such object, or no such bucket: a HEAD cannot tell. */
  async facts(key: string, signal: AbortSignal): Promise<ObjectFacts | undefined> {
    try {
      const answer = await this.#clients.prompt.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal: signal,
      });
      return { byteSize: answer.ContentLength ?? 0, nonce: answer.Metadata?.[nonceName] };
    } catch (error) {
      const failure = s3Failure(error);
      if (failure.missing) return undefined;
      throw failure;
    }
  }

  /** Undefined when there is no such object. A range past the end fails with 416, or comes short. */
  async read(key: string, range: BlobRange | undefined, signal: AbortSignal): Promise<ObjectBytes | undefined> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
    });
    try {
      const answer = await this.#clients.bodies.send(command, { abortSignal: signal });
      const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
      const stream = answer.Body;
      if (!(stream instanceof Readable)) throw new S3Failure(undefined);
      // A store that does not know ranges sends everything, from the start.
      if (range !== undefined && total === undefined) {
        stream.destroy();
        throw new S3Failure(200, 'NotImplemented');
      }
      return {
        byteSize: total === undefined ? (answer.ContentLength ?? 0) : Number(total),
        stream,
        etag: answer.ETag,
        metadata: answer.Metadata ?? {},
      };
    } catch (error) {
      const failure = s3Failure(error);
      if (failure.missing) return undefined;
      throw failure;
    }
  }

  /** A missing object is success. */
  async remove(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#clients.prompt.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal: signal,
      });
    } catch (error) {
      const failure = s3Failure(error);
      if (!failure.missing) throw failure;
    }
  }

  async list({ after, level, limit, prefix, token }: ListQuestion, signal: AbortSignal): Promise<ListPage> {
    try {
      const answer = await this.#clients.prompt.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          MaxKeys: limit,
          ...(level === true ? { Delimiter: '/' } : {}),
          ...(token === undefined ? {} : { ContinuationToken: token }),
          ...(after === undefined ? {} : { StartAfter: after }),
        }),
        { abortSignal: signal },
      );
      const objects = (answer.Contents ?? []).map(({ Key, LastModified, Size }) => ({
        key: Key ?? '',
        byteSize: Size ?? 0,
        modifiedAtMs: LastModified?.getTime() ?? 0,
      }));
      const truncated = answer.IsTruncated === true;
      return {
        objects,
        folders: (answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
        next: truncated ? answer.NextContinuationToken : undefined,
        truncated,
      };
    } catch (error) {
      throw s3Failure(error);
    }
  }

  /** Whether the bucket is there and lets us in. */
  async assertBucket(signal: AbortSignal): Promise<void> {
    try {
      await this.#clients.prompt.send(new HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal: signal });
    } catch (error) {
      throw s3Failure(error);
    }
  }

  /** Whether a removed object stays behind as an older version. */
  async keepsVersions(signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#clients.prompt.send(new GetBucketVersioningCommand({ Bucket: this.#bucket }), {
        abortSignal: signal,
      });
      return answer.Status !== undefined;
    } catch (error) {
      throw s3Failure(error);
    }
  }

  close(): void {
    this.#put.close();
    this.#clients.prompt.destroy();
    this.#clients.bodies.destroy();
  }
}
