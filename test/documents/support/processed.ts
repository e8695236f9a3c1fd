import assert from 'node:assert/strict';
import type { Client } from '../../http/support/client.ts';
import { until, type World } from '../../http/support/world.ts';

export interface Processed {
  id: string;
  status: 'ready' | 'failed';
  mediaType: string;
  /** By kind. */
  jobs: Record<string, { state: string; error_code: string | null }>;
  /** What it is found by; undefined when there is nothing. */
  text: string | undefined;
  hasThumbnail: boolean;
}

/** Adds a document, and waits until the server is done with it. */
export async function process(world: World, client: Client, name: string, bytes: Uint8Array, ms = 60_000) {
  const id = await add(client, name, bytes);
  return await processed(world, client, id, ms);
}

export async function add(client: Client, name: string, bytes: Uint8Array): Promise<string> {
  const form = new FormData();
  form.set('name', name);
  form.set('file', new Blob([Buffer.from(bytes)], { type: 'application/x-whatever' }), 'file');
  const added = await client.call('POST', '/v1/documents', form);
  assert.equal(added.status, 201, added.code);
  return added.body.document.id;
}

export async function processed(world: World, client: Client, id: string, ms = 60_000): Promise<Processed> {
  const document = await until(
    async () => {
      const { body } = await client.get(`/v1/documents/${id}`);
      return body.document.status === 'processing' ? undefined : body.document;
    },
    `${id} is processed`,
    ms,
  );
  const found: Processed = {
    id,
    status: document.status,
    mediaType: document.media_type,
    jobs: {},
    text: undefined,
    hasThumbnail: false,
  };
  await world.rows(async (query) => {
    for (const job of await query('SELECT kind, state, error_code FROM jobs WHERE document_id = ?', id))
      found.jobs[String(job.kind)] = {
        state: String(job.state),
        error_code: job.error_code === null ? null : String(job.error_code),
      };
    const [text] = await query('SELECT body FROM document_texts WHERE document_id = ?', id);
    if (text !== undefined) found.text = String(text.body);
    found.hasThumbnail =
      (await query('SELECT version FROM document_thumbnails WHERE document_id = ?', id)).length === 1;
  });
  return found;
}
