import assert from 'node:assert/strict';
import { newId } from '#kit/ids.ts';
import type { Client } from '../../http/support/client.ts';
import type { World } from '../../http/support/world.ts';

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
export async function addFolder(
  world: World,
  owner: 'ada' | 'bob' | 'root',
  name: string,
  parentId?: string,
): Promise<string> {
  const id = newId('fld');
  const now = new Date().toISOString();
  await world.rows(async (query) => {
    await query(
      'INSERT INTO folders (id, owner_account_id, parent_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, world.accounts[owner], parentId ?? null, name, now, now],
    );
  });
  return id;
}

export function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}
