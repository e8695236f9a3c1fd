import assert from 'node:assert/strict';
import type { Client } from '../../http/support/client.ts';

/** Its id. */
export async function addDocument(
  client: Client,
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  folderId?: string,
): Promise<string> {
  const form = new FormData();
  form.set('name', name);
  if (folderId !== undefined) form.set('folder_id', folderId);
  form.set('file', new Blob([content], { type: 'application/octet-stream' }), 'file.bin');
  const answer = await client.call('POST', '/v1/documents', form);
  assert.equal(answer.status, 201, answer.code);
  return answer.body.document.id;
}

/** Its id. */
export async function addFolder(client: Client, name: string, parentId?: string): Promise<string> {
  const answer = await client.post('/v1/folders', { name, ...(parentId === undefined ? {} : { parent_id: parentId }) });
  assert.equal(answer.status, 201, answer.code);
  return answer.body.folder.id;
}

export function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}
