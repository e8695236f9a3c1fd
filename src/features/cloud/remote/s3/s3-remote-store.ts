import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { isProblem, Problem } from '#kit/errors.ts';
import { s3Failure } from '#platform/blobs/s3/s3-failure.ts';
import type { GuardedAgents } from '#platform/outgoing/guarded-agents.ts';
import { outgoingFailure } from '#platform/outgoing/outgoing-failure.ts';
import { fits, isRemoteName, joinPath, type RemotePath } from '../remote-path.ts';
import { remoteProblem, statusProblem } from '../remote-problem.ts';
import type { BytesToSend, RemoteBytes, RemoteEntry, RemotePage, RemoteStore } from '../remote-store.ts';

export interface S3RemoteAccess {
  endpoint: string;
  region: string;
  bucket: string;
  root: RemotePath;
  accessKeyId: string;
  secretAccessKey: string;
}

const connectMs = 15_000;
const silenceMs = 60_000;
const mostListed = 1_000;
/** Of one PutObject. Bytes. */
const largestObject = 5 * 2 ** 30;

/** Any store that speaks S3. Folders are prefixes: nothing needs to be made for one. */
export class S3RemoteStore implements RemoteStore {
  readonly #client: S3Client;
  readonly #agents: GuardedAgents;
  readonly #bucket: string;
  readonly #root: RemotePath;

  constructor(agents: GuardedAgents, access: S3RemoteAccess) {
    this.#agents = agents;
    this.#bucket = access.bucket;
    this.#root = access.root;
    this.#client = new S3Client({
      endpoint: access.endpoint,
      region: access.region,
      forcePathStyle: true,
      credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
      maxAttempts: 2,
      // Otherwise the SDK adds CRC32 to everything and sends streams in a framing that many stores do not know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
      // Nothing of what the environment may say leads the request elsewhere.
      followRegionRedirects: false,
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      useArnRegion: false,
      disableS3ExpressSessionAuth: true,
      requestHandler: {
        connectionTimeout: connectMs,
        socketTimeout: silenceMs,
        httpAgent: agents.http,
        httpsAgent: agents.https,
        socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      },
    });
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.list('', { limit: 1 }, signal);
  }

  async stat(path: RemotePath, signal: AbortSignal): Promise<RemoteEntry | undefined> {
    const name = path.split('/').at(-1) ?? '';
    try {
      if (name !== '') return await this.#object(path, signal);
    } catch (error) {
      if (!isProblem(error, 'remote_path_not_found')) throw error;
    }
    const { entries, unusable } = await this.list(path, { limit: 1 }, signal);
    return entries.length + unusable > 0 || name === '' ? { name, kind: 'folder' } : undefined;
  }

  async list(
    folder: RemotePath,
    { after, limit }: { limit: number; after?: string | undefined },
    signal: AbortSignal,
  ): Promise<RemotePage> {
    const whole = joinPath(this.#root, folder);
    const prefix = whole === '' ? '' : `${whole}/`;
    const answer = await this.#ask(signal, () =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          Delimiter: '/',
          MaxKeys: Math.min(limit, mostListed),
          ...(after === undefined ? {} : { ContinuationToken: after }),
        }),
        { abortSignal: signal },
      ),
    );
    const found: RemoteEntry[] = [
      ...(answer.CommonPrefixes ?? []).map(
        ({ Prefix = '' }): RemoteEntry => ({ name: Prefix.slice(prefix.length, -1), kind: 'folder' }),
      ),
      ...(answer.Contents ?? [])
        // An object of the folder's own name marks it, and is no file in it.
        .filter(({ Key }) => Key !== prefix)
        .map(({ ETag, Key = '', LastModified, Size }) =>
          fileEntry(Key.slice(prefix.length), { ETag, LastModified, Size }),
        ),
    ];
    const entries = found.filter(({ name }) => isRemoteName(name) && fits(joinPath(whole, name)));
    const next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
    if (answer.IsTruncated === true && (next === undefined || next === after)) throw new Problem('connection_failed');
    return { entries, unusable: found.length - entries.length, ...(next === undefined ? {} : { next }) };
  }

  async read(file: RemotePath, signal: AbortSignal): Promise<RemoteBytes> {
    const answer = await this.#ask(signal, () =>
      this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: joinPath(this.#root, file) }), {
        abortSignal: signal,
      }),
    );
    if (!(answer.Body instanceof Readable)) throw new Problem('connection_failed');
    return { stream: answer.Body, byteSize: answer.ContentLength, mediaType: answer.ContentType };
  }

  /** The request is signed over the hash of the bytes, so the other side takes these or none. */
  async write(file: RemotePath, body: BytesToSend, signal: AbortSignal): Promise<string> {
    if (body.byteSize > largestObject) throw new Problem('connection_failed');
    const stream = await body.open();
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: joinPath(this.#root, file),
      Body: stream,
      ContentLength: body.byteSize,
      ContentType: body.mediaType,
    });
    command.middlewareStack.add(
      (next) => async (args) => {
        // What goes through this step is the SDK's HTTP request.
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = body.sha256Hex;
        return await next(args);
      },
      { step: 'build', name: 'hashOfTheBody' },
    );
    try {
      await this.#ask(signal, () => this.#client.send(command, { abortSignal: signal }));
    } finally {
      stream.destroy();
    }
    const kept = await this.#object(file, signal);
    if (kept.byteSize !== body.byteSize)
      throw new Problem('connection_failed', { cause: new Error('the other side does not hold what was sent') });
    return kept.tag ?? '';
  }

  close(): void {
    this.#client.destroy();
    this.#agents.destroy();
  }

  async #object(file: RemotePath, signal: AbortSignal): Promise<RemoteEntry> {
    const answer = await this.#ask(signal, () =>
      this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: joinPath(this.#root, file) }), {
        abortSignal: signal,
      }),
    );
    const { ContentLength: Size, ETag, LastModified } = answer;
    return fileEntry(file.split('/').at(-1) ?? '', { ETag, LastModified, Size });
  }

  async #ask<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw s3RemoteProblem(error, signal);
    }
  }
}

function fileEntry(
  name: string,
  { ETag, LastModified, Size }: { ETag: string | undefined; LastModified: Date | undefined; Size: number | undefined },
): RemoteEntry {
  return {
    name,
    kind: 'file',
    ...(Size === undefined ? {} : { byteSize: Size }),
    ...(LastModified === undefined ? {} : { modifiedAt: LastModified.toISOString() }),
    tag: `${ETag ?? LastModified?.toISOString() ?? ''}/${Size ?? ''}`.slice(0, 300),
  };
}

/** Errors of the SDK carry endpoints, keys and answers: none of them gets past here. */
function s3RemoteProblem(error: unknown, signal: AbortSignal): Problem {
  if (signal.aborted || outgoingFailure(error).reason !== 'no_answer') return remoteProblem(error, signal);
  const failure = s3Failure(error);
  if (failure.status === undefined) return new Problem('connection_failed', { cause: failure });
  // One of these stores answers 400 to a key that it does not know.
  const unknownKey = ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'];
  return unknownKey.includes(failure.code) ? new Problem('connection_unauthorized') : statusProblem(failure.status);
}
