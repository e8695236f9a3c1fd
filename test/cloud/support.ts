import assert from 'node:assert/strict';
import type { Answer, Client } from '../http/support/client.ts';
import { until } from '../http/support/world.ts';

export const connectionsPath = '/v1/cloud-connections';

/** What servers under test are told, so that they reach the stores on this machine and take lost jobs over soon. */
export const cloudSettings = {
  SAFE_JOBS_CONCURRENCY: '2',
  SAFE_SECRET_KEY: 'canary-secret-key-0123456789-0123456789',
  SAFE_CLOUD_ALLOWED_HOSTS: '127.0.0.1',
  SAFE_JOBS_POLL_INTERVAL: '100ms',
  SAFE_JOBS_LEASE: '5s',
  SAFE_JOBS_RETRY_DELAY: '1s',
};

export async function connect(client: Client, fields: object): Promise<string> {
  const answer = await client.post(connectionsPath, fields);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body.connection.id;
}

export async function startJob(client: Client, id: string, what: 'import' | 'mirror', wish?: object): Promise<string> {
  const answer = await client.post(`${connectionsPath}/${id}/${what}`, wish);
  assert.equal(answer.status, 202, answer.code);
  return answer.body.job.id;
}

/** As it is once nobody works on it any more. */
export async function ended(client: Client, connectionId: string, jobId: string): Promise<Answer['body']> {
  return await until(
    async () => {
      const { body } = await client.get(`${connectionsPath}/${connectionId}/jobs`);
      const job = body.jobs.find(({ id }: { id: string }) => id === jobId);
      return job?.state === 'done' || job?.state === 'parked' ? job : undefined;
    },
    `the job ${jobId}`,
    70_000,
  );
}

export async function runJob(client: Client, id: string, what: 'import' | 'mirror', wish?: object) {
  return await ended(client, id, await startJob(client, id, what, wish));
}

/** Every document below a folder (`root` for all), by its path, with its id. */
export async function documentsBelow(client: Client, folder = 'root', path = ''): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { id, name } of await allPages(client, `/v1/documents?folder_id=${folder}`, 'documents'))
    found.set(path + name, id);
  for (const { id, name } of await allPages(client, `/v1/folders?parent_id=${folder}`, 'folders'))
    for (const [inner, document] of await documentsBelow(client, id, `${path}${name}/`)) found.set(inner, document);
  return found;
}

async function allPages(client: Client, path: string, field: string): Promise<{ id: string; name: string }[]> {
  const found = [];
  let cursor = '';
  do {
    const { body, code } = await client.get(`${path}&limit=500${cursor}`);
    assert.equal(code, '');
    found.push(...body[field]);
    cursor = body.next_cursor === undefined ? '' : `&cursor=${body.next_cursor}`;
  } while (cursor !== '');
  return found;
}

export async function bytesOf(client: Client, documentId: string): Promise<Buffer> {
  const answer = await client.get(`/v1/documents/${documentId}/content`);
  assert.equal(answer.status, 200, answer.code);
  return answer.bytes;
}

export async function addDocument(client: Client, name: string, bytes: Uint8Array<ArrayBuffer>, folderId?: string) {
  const form = new FormData();
  form.set('name', name);
  if (folderId !== undefined) form.set('folder_id', folderId);
  form.set('file', new Blob([bytes]), 'file');
  const answer = await client.call('POST', '/v1/documents', form);
  assert.equal(answer.status, 201, answer.code);
  return String(answer.body.document.id);
}

export async function addFolder(client: Client, name: string, parentId?: string): Promise<string> {
  const wish = { name, ...(parentId === undefined ? {} : { parent_id: parentId }) };
  return (await client.post('/v1/folders', wish)).body.folder.id;
}
