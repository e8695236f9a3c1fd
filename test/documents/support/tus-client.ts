import { DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import type { Client } from '../../http/support/client.ts';

export interface SentUpload {
  id: string;
  /** Of the header of the last answer. */
  result: string | undefined;
}

export type TusOptions = Partial<UploadOptions>;

export const uploadsPath = '/v1/documents/uploads';

/** tus-js-client, to its end; rejects with its error. */
export function tusUpload(client: Client, bytes: Buffer, options: TusOptions): Promise<SentUpload> {
  return new Promise((resolve, reject) => {
    let result: string | undefined;
    const upload = new Upload(bytes, {
      endpoint: `${client.url}${uploadsPath}`,
      headers: { authorization: `Bearer ${client.token}` },
      retryDelays: [],
      chunkSize: Number.POSITIVE_INFINITY,
      storeFingerprintForResuming: false,
      onAfterResponse: (_, response) => {
        result = response.getHeader('Proofline-Result') ?? result;
      },
      onError: reject,
      onSuccess: () => resolve({ id: idOf(upload), result }),
      ...options,
    });
    upload.start();
  });
}

const idOf = (upload: Upload) => upload.url?.split('/').at(-1) ?? '';

/** The status of the answer that ended an upload. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? undefined) : undefined;
}

export async function download(client: Client, documentId: string): Promise<Buffer> {
  return (await client.get(`/v1/documents/${documentId}/content`)).bytes;
}
