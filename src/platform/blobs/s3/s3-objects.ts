import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BlobRange } from '../blob-store.ts';
import { S3Failure, s3Failure } from './s3-failure.ts';

/** Bytes in memory, or a file that holds exactly so many. */
export type ObjectBody = { bytes: Buffer } | { file: string; byteSize: number };

export interface PutObject {
  body: ObjectBody;
  /** Lower-case hexadecimal; signed, so that a store which checks signatures checks the bytes. */
  sha256Hex: string;
  /** What the checksum header says instead; only the probe lies in it. */
  checksumHex?: string;
  /** Kept beside the object, to know one's own after a lost answer. */
  nonce: string;
}

export interface ObjectFacts {
  byteSize: number;
  nonce: string | undefined;
}

export interface ObjectBytes {
  /** Of the whole object. */
  byteSize: number;
  /** Of the range, or all. Fails with errors of the network, which `s3Failure` reads. */
  stream: Readable;
}

export interface ListedObject {
  key: string;
  byteSize: number;
  modifiedAtMs: number;
}

export interface ListPage {
  objects: ListedObject[];
  next: string | undefined;
}

export interface S3Clients {
  /** For what is answered at once. */
  prompt: S3Client;
  /** For bodies, which a slow reader may hold as long as it likes. */
  bodies: S3Client;
}

const nonceName = 'proofline-commit';
const payloadHash = 'x-amz-content-sha256';

/**
 * The requests that a bucket is asked, one method each, one request a call. Whatever they reject with is an S3Failure: errors of
 * the SDK, which carry endpoints, keys and answers, do not leave this file.
 */
export class S3Objects {
  readonly #clients: S3Clients;
  readonly #bucket: string;

  constructor(clients: S3Clients, bucket: string) {
    this.#clients = clients;
    this.#bucket = bucket;
  }

  /** Creates the object, never replaces one: 412 when the key is taken, by us perhaps. */
  async create(
    key: string,
    { body, nonce, sha256Hex, checksumHex = sha256Hex }: PutObject,
    signal: AbortSignal,
  ): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: 'bytes' in body ? body.bytes : createReadStream(body.file),
      ContentLength: 'bytes' in body ? body.bytes.length : body.byteSize,
      ContentType: 'application/octet-stream',
      ChecksumSHA256: Buffer.from(checksumHex, 'hex').toString('base64'),
      IfNoneMatch: '*',
      Metadata: { [nonceName]: nonce },
    });
    // Signed as it is known already; the SDK would hash bytes again, and would not sign a file's at all.
    command.middlewareStack.add(
      (next) => (args) => {
        // What goes through this step is the SDK's HTTP request.
        (args.request as { headers: Record<string, string> }).headers[payloadHash] = sha256Hex;
        return next(args);
      },
      { step: 'build', name: 'signKnownHash' },
    );
    const stream = command.input.Body instanceof Readable ? command.input.Body : undefined;
    try {
      const broken = stream === undefined ? [] : [failureOf(stream)];
      await Promise.race([this.#clients.prompt.send(command, { abortSignal: signal }), ...broken]);
    } catch (error) {
      throw s3Failure(error);
    } finally {
      stream?.destroy();
    }
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
      return { byteSize: total === undefined ? (answer.ContentLength ?? 0) : Number(total), stream };
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

  async list(prefix: string, after: string | undefined, limit: number, signal: AbortSignal): Promise<ListPage> {
    try {
      const answer = await this.#clients.prompt.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          MaxKeys: limit,
          ...(after === undefined ? {} : { ContinuationToken: after }),
        }),
        { abortSignal: signal },
      );
      const objects = (answer.Contents ?? []).map(({ Key, LastModified, Size }) => ({
        key: Key ?? '',
        byteSize: Size ?? 0,
        modifiedAtMs: LastModified?.getTime() ?? 0,
      }));
      return { objects, next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined };
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
    this.#clients.prompt.destroy();
    this.#clients.bodies.destroy();
  }
}

/** The SDK pipes a body and does not hear of its failure. */
function failureOf(stream: Readable): Promise<never> {
  return new Promise((_, reject) => {
    stream.once('error', () => reject(new S3Failure(undefined)));
  });
}
