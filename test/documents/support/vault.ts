import assert from 'node:assert/strict';
import { bytesOf, type Client } from '../../http/support/client.ts';

export interface Upload {
  name?: string;
  bytes?: Uint8Array;
  mediaType?: string;
  fields?: Record<string, string>;
  headers?: Record<string, string>;
  /** Which comes first. */
  first?: 'file' | 'fields';
}

/** The form of a new document. */
export function upload(as: Client, { name = 'letter.txt', bytes = bytesOf(500), ...rest }: Upload = {}) {
  const form = new FormData();
  const file = () => form.set('file', new Blob([Buffer.from(bytes)], { type: rest.mediaType ?? 'text/plain' }), name);
  if (rest.first === 'file') file();
  for (const [field, value] of Object.entries(rest.fields ?? {})) form.set(field, value);
  if (rest.first !== 'file') file();
  return as.call('POST', '/v1/documents', form, rest.headers);
}

/** A new document; its JSON. */
export async function added(as: Client, wish: Upload = {}) {
  const answer = await upload(as, wish);
  assert.equal(answer.status, 201, `${answer.code} ${JSON.stringify(answer.body)}`);
  return answer.body.document;
}

export async function folder(as: Client, name: string, parentId?: string): Promise<string> {
  const answer = await as.post('/v1/folders', { name, ...(parentId === undefined ? {} : { parent_id: parentId }) });
  assert.equal(answer.status, 201, answer.code);
  return answer.body.folder.id;
}

/** Names in a listing, all its pages, in its order. */
export async function names(as: Client, path: string, of: 'documents' | 'folders' | 'topics' = 'documents') {
  const found: string[] = [];
  let cursor = '';
  do {
    const separator = path.includes('?') ? '&' : '?';
    const answer = await as.get(`${path}${separator}limit=2${cursor}`);
    assert.equal(answer.status, 200, answer.code);
    found.push(...answer.body[of].map((one: { name: string }) => one.name));
    cursor = answer.body.next_cursor === undefined ? '' : `&cursor=${answer.body.next_cursor}`;
  } while (cursor !== '');
  return found;
}

export const quota = async (as: Client) => (await as.get('/v1/quota')).body;
