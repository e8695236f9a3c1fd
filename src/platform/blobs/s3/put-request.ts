import { createReadStream } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { nonceName, type PutObject } from './put-object.ts';
import { S3Failure, s3Failure, toCode } from './s3-failure.ts';
import { PutSigner } from './sign-put.ts';

/** As many as the arena has bodies, so that a commit never waits for a connection. */
const sockets = 160;
/** Of an answer that refuses; its code comes early. Bytes. */
const longestAnswer = 16 * 1024;

interface Place {
  secure: boolean;
  hostname: string;
  port: number | undefined;
  host: string;
  /** Before the key, with a slash at its end. */
  path: string;
}

/**
 * The one request of the upload path, written by hand: the SDK's middleware costs four times the request itself (decision 0009). Where
 * it goes, with which keys and in which region is still the SDK's to say.
 */
export class PutRequest {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #agents = { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };
  #ready: Promise<{ place: Place; signer: PutSigner }> | undefined;
  /** Of the store's clock before ours; learnt from its first refusal. Milliseconds. */
  #clockOffsetMs = 0;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Rejects with an S3Failure; 412 when the key is taken, or is not what it should take the place of. */
  async send(key: string, put: PutObject, signal: AbortSignal): Promise<void> {
    try {
      this.#ready ??= this.#prepare();
      const { place, signer } = await this.#ready;
      const keys = await this.#client.config.credentials();
      // The one character of our keys that is not its own canonical form.
      const path = place.path + key.replaceAll('=', '%3D');
      const headers = signer.sign(
        {
          host: place.host,
          path,
          sha256Hex: put.sha256Hex,
          at: new Date(Date.now() + this.#clockOffsetMs),
          headers: {
            'content-type': 'application/octet-stream',
            ...(put.over === undefined ? { 'if-none-match': '*' } : { 'if-match': put.over }),
            'x-amz-checksum-sha256': Buffer.from(put.checksumHex ?? put.sha256Hex, 'hex').toString('base64'),
            [`x-amz-meta-${nonceName}`]: put.nonce,
            ...metadataHeaders(put.metadata),
          },
        },
        keys,
      );
      await this.#exchange(place, { path, headers, body: put.body, signal });
    } catch (error) {
      // Asked again the next time: a profile or a role may be there by then.
      if (!(error instanceof S3Failure)) this.#ready = undefined;
      throw s3Failure(error);
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #prepare(): Promise<{ place: Place; signer: PutSigner }> {
    const place = await placeOf(this.#client, this.#bucket);
    return { place, signer: new PutSigner(await this.#client.config.region()) };
  }

  #exchange(
    { hostname, port, secure }: Place,
    {
      body,
      headers,
      path,
      signal,
    }: { path: string; headers: Record<string, string>; signal: AbortSignal } & Pick<PutObject, 'body'>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const length = 'bytes' in body ? body.bytes.length : body.byteSize;
      const file = 'bytes' in body ? undefined : createReadStream(body.file);
      const options = { hostname, path, method: 'PUT', headers: { ...headers, 'content-length': length } };
      const request = secure
        ? requestHttps({ ...options, port, agent: this.#agents.https })
        : requestHttp({ ...options, port, agent: this.#agents.http });
      const settle = (failure?: unknown) => {
        signal.removeEventListener('abort', onAbort);
        file?.destroy();
        // An answer may come before the body is sent, and its memory is somebody else's soon.
        if (failure !== undefined && !request.writableFinished) request.destroy();
        if (failure === undefined) resolve();
        else reject(s3Failure(failure));
      };
      const onAbort = () => {
        request.destroy();
        settle(new S3Failure(undefined, 'TimeoutError'));
      };
      signal.addEventListener('abort', onAbort);
      request.on('error', settle);
      request.on('response', (response) => {
        if (response.statusCode === 200 && request.writableFinished) {
          response.resume();
          response.once('end', () => settle()).once('error', settle);
        } else void this.#refusal(response).then(settle);
      });
      if (file !== undefined) file.once('error', () => settle(new S3Failure(undefined))).pipe(request);
      else if ('bytes' in body) request.end(body.bytes);
      if (signal.aborted) onAbort();
    });
  }

  async #refusal(response: IncomingMessage): Promise<S3Failure> {
    let text = '';
    try {
      for await (const piece of response.setEncoding('latin1')) if (text.length < longestAnswer) text += piece;
    } catch {
      // The status is known all the same.
    }
    // A yes to a body that was not sent is none.
    if (response.statusCode === 200) return new S3Failure(undefined);
    const failure = new S3Failure(response.statusCode, toCode(/<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1]));
    const theirs = Date.parse(response.headers.date ?? '');
    if (failure.code === 'RequestTimeTooSkewed' && theirs > 0) this.#clockOffsetMs = theirs - Date.now();
    return failure;
  }
}

function metadataHeaders(metadata: PutObject['metadata'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
}

const agentOptions = { keepAlive: true, maxSockets: sockets };

/** Where the SDK would send an object of the bucket: it is asked to, and stopped before it signs. */
async function placeOf(client: S3Client, bucket: string): Promise<Place> {
  const command = new PutObjectCommand({ Bucket: bucket, Key: 'key', Body: '' });
  let place: Place | undefined;
  command.middlewareStack.add(
    () => async (args) => {
      // What goes through this step is the SDK's HTTP request.
      const { hostname, path, port, protocol } = args.request as {
        hostname: string;
        path: string;
        port?: number;
        protocol: string;
      };
      const host = port === undefined ? hostname : `${hostname}:${port}`;
      place = {
        secure: protocol === 'https:',
        // Node wants the address alone.
        hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
        port,
        host,
        path: path.slice(0, -'key'.length),
      };
      return { response: {}, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'onlyTheAddress' },
  );
  await client.send(command);
  if (place === undefined) throw new S3Failure(undefined);
  return place;
}
