import type { UploadOptions } from 'tus-js-client';
import type { Answer, Client } from '../../http/support/client.ts';
import * as tus from '../../support/tus-client.ts';

export { lookAt, offsetOf, patch, patchHeaders, patient, refusalOf, version } from '../../support/tus-client.ts';

export const uploadsPath = '/v1/documents/uploads';

export const tusUpload = (client: Client, bytes: Buffer, options: Partial<UploadOptions>): Promise<tus.SentUpload> =>
  tus.tusUpload(client, uploadsPath, bytes, options);

export const begin = (client: Client, byteSize: number, words: Record<string, string>): Promise<Answer> =>
  tus.begin(client, uploadsPath, byteSize, words);

export const begun = (client: Client, byteSize: number, words: Record<string, string>): Promise<string> =>
  tus.begun(client, uploadsPath, byteSize, words);

export async function download(client: Client, documentId: string): Promise<Buffer> {
  return (await client.get(`/v1/documents/${documentId}/content`)).bytes;
}
