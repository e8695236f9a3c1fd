import assert from 'node:assert/strict';
import { DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import type { Answer, Client } from '../http/support/client.ts';

export interface SentUpload {
  id: string;
  /** Of the header of the last answer that had one. */
  result: string | undefined;
}

/** A connection that breaks costs a try; progress gives them all back. */
export const patient = Array.from({ length: 20 }, (_, i) => Math.min(50 * i, 500));

/** tus-js-client, to its end; rejects with its error. `path` is where uploads are begun. */
export function tusUpload(
  client: Client,
  path: string,
  bytes: Buffer,
  options: Partial<UploadOptions>,
): Promise<SentUpload> {
  return new Promise((resolve, reject) => {
    let result: string | undefined;
    const upload = new Upload(bytes, {
      endpoint: `${client.url}${path}`,
      headers: { authorization: `Bearer ${client.token}` },
      retryDelays: [],
      chunkSize: Number.POSITIVE_INFINITY,
      storeFingerprintForResuming: false,
      onAfterResponse: (_, response) => {
        result = response.getHeader('Proofline-Result') ?? result;
      },
      onError: reject,
      onSuccess: () => resolve({ id: upload.url?.split('/').at(-1) ?? '', result }),
      ...options,
    });
    upload.start();
  });
}

/** Status and code of the answer that ended an upload. */
export function refusalOf(error: unknown): { status: number; code: string } {
  assert.ok(error instanceof DetailedError && error.originalResponse, String(error));
  const body = JSON.parse(error.originalResponse.getBody() || '{}');
  return { status: error.originalResponse.getStatus(), code: body.error?.code ?? '' };
}

export const version = { 'tus-resumable': '1.0.0' };

export function metadataHeader(words: Record<string, string>): string {
  return Object.entries(words)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

/** By hand: the header and nothing else. */
export async function begin(
  client: Client,
  path: string,
  byteSize: number,
  words: Record<string, string>,
): Promise<Answer> {
  return await client.call('POST', path, undefined, {
    ...version,
    'upload-length': String(byteSize),
    'upload-metadata': metadataHeader(words),
  });
}

/** The path of an upload that was begun. */
export async function begun(
  client: Client,
  path: string,
  byteSize: number,
  words: Record<string, string>,
): Promise<string> {
  const answer = await begin(client, path, byteSize, words);
  assert.equal(answer.status, 201, answer.code);
  return answer.headers.get('location') ?? '';
}

export async function patch(client: Client, path: string, offset: number, bytes: Uint8Array): Promise<Answer> {
  return await client.call('PATCH', path, bytes, { ...patchHeaders, 'upload-offset': String(offset) });
}

export const patchHeaders = { ...version, 'content-type': 'application/offset+octet-stream' };

export async function offsetOf(client: Client, path: string): Promise<number> {
  const answer = await client.call('HEAD', path, undefined, version);
  assert.equal(answer.status, 200);
  return Number(answer.headers.get('upload-offset'));
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
export async function lookAt(client: Client, path: string): Promise<any> {
  return (await client.get(path)).body.upload;
}
