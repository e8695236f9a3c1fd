import { createHash, randomBytes } from 'node:crypto';
import type { Contract } from './contract.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
  body: any;
  bytes: Buffer;
  /** Of an error, else empty. */
  code: string;
}

export const sha256Hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const reprDigest = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
export const bytesOf = (size: number) => randomBytes(size);

export const startedAt = '2026-01-02T03:04:05.000Z';
export const endedAt = '2026-01-02T03:04:07.000Z';

export interface Part {
  name: string;
  value: string | Uint8Array;
  filename?: string;
}

export interface PutOptions {
  headers?: Record<string, string | undefined>;
  key?: string;
}

/** Speaks to one server as one account, and holds every answer against the contract. */
export class Client {
  readonly url: string;
  readonly token: string;
  readonly #contract: Contract;

  constructor(url: string, contract: Contract, token = '') {
    this.url = url;
    this.#contract = contract;
    this.token = token;
  }

  as(token: string): Client {
    return new Client(this.url, this.#contract, token);
  }

  /** Anything: text, bytes and forms go as they are, everything else as JSON. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }), ...headers },
      ...(body === undefined
        ? {}
        : { body: raw ? (body as string | Uint8Array<ArrayBuffer> | FormData) : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = /^application\/json(;|$)/.test(response.headers.get('content-type') ?? '');
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson && method !== 'HEAD' ? JSON.parse(bytes.toString()) : undefined,
      bytes,
    };
    if (method !== 'HEAD') this.#contract.check({ method, path, ...answer });
    return { ...answer, code: answer.body?.error?.code ?? '' };
  }

  get = (path: string, headers?: Record<string, string>) => this.call('GET', path, undefined, headers);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.call('POST', path, body, headers);

  async incident(fields: Record<string, unknown> = {}): Promise<string> {
    return (await this.post('/v1/incidents', fields)).body.incident_id;
  }

  async stream(incident: string, mediaType = 'video'): Promise<string> {
    return (await this.post(`/v1/incidents/${incident}/streams`, { media_type: mediaType })).body.stream.id;
  }

  /** The streaming way in. A header given as undefined is left out. */
  async put(incident: string, stream: string, index: number | string, bytes: Uint8Array, options: PutOptions = {}) {
    const headers: Record<string, string | undefined> = {
      'repr-digest': reprDigest(bytes),
      'proofline-started-at': startedAt,
      'proofline-ended-at': endedAt,
      'idempotency-key': options.key,
      ...options.headers,
    };
    const given = Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return await this.call('PUT', `/v1/incidents/${incident}/streams/${stream}/chunks/${index}`, bytes, given);
  }

  /** The form, its parts in the order given. */
  async form(incident: string, parts: readonly Part[], headers: Record<string, string> = {}) {
    const { body, contentType } = multipart(parts);
    return await this.post(`/v1/incidents/${incident}/chunks`, body, { 'content-type': contentType, ...headers });
  }

  /** A stream with chunks 1..n of random bytes, still open. */
  async filledStream(incident: string, count: number, mediaType = 'video', size = 1_000) {
    const id = await this.stream(incident, mediaType);
    const chunks: Buffer[] = [];
    for (let index = 1; index <= count; index++) {
      const bytes = bytesOf(size);
      await this.put(incident, id, index, bytes);
      chunks.push(bytes);
    }
    return { id, chunks };
  }

  async complete(incident: string, stream: string, count: number): Promise<Answer> {
    return await this.post(`/v1/incidents/${incident}/streams/${stream}/complete`, { expected_chunk_count: count });
  }
}

export function multipart(parts: readonly Part[]): { body: Buffer; contentType: string } {
  const boundary = `proofline-${randomBytes(12).toString('hex')}`;
  const pieces = parts.flatMap(({ name, value, filename }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/octet-stream`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ];
  });
  return {
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

export type FormFields = Partial<Record<string, string | undefined>>;

/** The parts of a good upload; a field given as undefined is left out. `first` says which comes first. */
export function uploadParts(bytes: Uint8Array, fields: FormFields = {}, first: 'file' | 'fields' = 'file'): Part[] {
  const all: FormFields = {
    chunk_index: '1',
    media_type: 'video',
    started_at: startedAt,
    ended_at: endedAt,
    sha256_hex: sha256Hex(bytes),
    ...fields,
  };
  const text = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const file = { name: 'file', value: bytes, filename: 'chunk.enc' };
  return first === 'file' ? [file, ...text] : [...text, file];
}
