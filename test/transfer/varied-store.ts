import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { readZip } from '../http/support/zip.ts';
import { type Api, openStream, sha256, signIn } from '../support/api.ts';
import type { Random } from '../support/random.ts';
import { createAccount, startServer, type TestServer } from '../support/server.ts';
import { addCaptures, readCaptures } from './varied-captures.ts';

/** Everything that a reader can learn of a store, in a form that two stores can be compared by. */
export type Readable = Record<string, unknown>;

export interface StoreEnvironment {
  dataDir: string;
  env?: Record<string, string>;
}

const sizes = [0, 1, 4096, 65_536, 70_001, 300_000] as const;

/** Fills a store with what there is: complete, open and failed streams, chunks without a stream, captures, links, check-ins, deletions. */
export async function fillVaried(as: Api, random: Random, incidents: number): Promise<void> {
  for (let n = 1; n <= incidents; n++) {
    const id = (
      await as.call('POST', '/v1/incidents', { client_label: `walk ${n} – ünï`, notes: n % 2 ? 'a\n"b"' : '' })
    ).body.incident_id;
    await expect(
      201,
      as.call('POST', `/v1/incidents/${id}/checkins`, {
        latitude: 59.3 + n / 7,
        longitude: -18,
        device_battery_percent: 50,
      }),
    );
    await expect(201, as.call('POST', `/v1/incidents/${id}/incident-tokens`, {}));
    await putWithoutStream(as, id, n, randomBytes(random.pick(sizes)));
    for (const fate of ['complete', 'open', 'failed'] as const) {
      const stream = await openStream(as, id, fate === 'complete' ? 'video' : 'audio');
      const count = random.between(1, 4);
      for (let index = 1; index <= count; index++)
        await expect(
          201,
          as.putChunk(id, stream, index, randomBytes(random.pick(sizes)), { key: `${stream}-${index}` }),
        );
      const path = `/v1/incidents/${id}/streams/${stream}`;
      if (fate === 'complete') await expect(200, as.call('POST', `${path}/complete`, { expected_chunk_count: count }));
      if (fate === 'failed') await expect(200, as.call('POST', `${path}/fail`, { failure_reason: 'the phone fell' }));
    }
    await addCaptures(as, id);
    await addDocument(as, `walk ${n} – ünï.pdf`, randomBytes(random.pick(sizes)));
    if (n % 3 === 0) await as.call('POST', `/v1/incidents/${id}/close`);
    if (n % 4 === 0) await expect(202, as.call('POST', `/v1/incidents/${id}/deletion`, { allow_open: true }));
  }
}

export async function expect(status: number, answer: ReturnType<Api['call']>): Promise<void> {
  const found = await answer;
  if (found.status !== status)
    throw new Error(`answered ${found.status}, not ${status}: ${JSON.stringify(found.body)}`);
}

async function addDocument(as: Api, name: string, bytes: Buffer<ArrayBuffer>): Promise<void> {
  const form = new FormData();
  form.set('name', `${randomBytes(4).toString('hex')} ${name}`);
  form.set('file', new Blob([bytes]), 'scan.pdf');
  const headers = { authorization: `Bearer ${as.token}` };
  const answer = await fetch(`${as.url}/v1/documents`, { method: 'POST', headers, body: form });
  if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

/** One that has come half-way. */
async function beginUpload(as: Api): Promise<void> {
  const headers = { authorization: `Bearer ${as.token}`, 'tus-resumable': '1.0.0' };
  const name = Buffer.from('half.pdf').toString('base64');
  const begun = await fetch(`${as.url}/v1/documents/uploads`, {
    method: 'POST',
    headers: { ...headers, 'upload-length': '10', 'upload-metadata': `name ${name}` },
  });
  if (begun.status !== 201) throw new Error(`answered ${begun.status}: ${await begun.text()}`);
  const sent = await fetch(new URL(begun.headers.get('location') ?? '', as.url), {
    method: 'PATCH',
    headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: 'first',
  });
  if (sent.status !== 204) throw new Error(`answered ${sent.status}: ${await sent.text()}`);
}

async function putWithoutStream(as: Api, incidentId: string, index: number, bytes: Buffer<ArrayBuffer>): Promise<void> {
  const form = new FormData();
  const fields = {
    chunk_index: String(index),
    media_type: 'location',
    started_at: '2026-01-01T00:00:00.123456Z',
    ended_at: '2026-01-01T00:00:02Z',
    sha256_hex: sha256(bytes).toString('hex'),
  };
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([bytes]), 'walk.gpx');
  const headers = { authorization: `Bearer ${as.token}` };
  const answer = await fetch(`${as.url}/v1/incidents/${incidentId}/chunks`, { method: 'POST', headers, body: form });
  if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

export async function startStore({ dataDir, env = {} }: StoreEnvironment): Promise<{ server: TestServer; ada: Api }> {
  const server = await startServer({ dataDir, env });
  try {
    return { server, ada: await signIn(server.url, 'ada') };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A store with an administrator, filled and stopped, an upload half-way. */
export async function makeVariedStore(at: StoreEnvironment, random: Random, incidents = 4): Promise<void> {
  await createAccount(at.dataDir, 'ada', 'admin', at.env);
  const { server, ada } = await startStore(at);
  try {
    await fillVaried(ada, random, incidents);
    await beginUpload(ada);
  } finally {
    await server.stop();
  }
}

/** Starts the store, reads all of it as its administrator and stops it again. */
export async function readStore(at: StoreEnvironment): Promise<Readable> {
  const { server, ada } = await startStore(at);
  try {
    return await readAll(ada);
  } finally {
    await server.stop();
  }
}

export async function readAll(ada: Api): Promise<Readable> {
  const found: Readable = {};
  // Its type and state are what a job finds, in its own time.
  for (const document of await listed(ada, '/v1/documents', 'documents'))
    found[`/v1/documents/${document.id}`] = [
      document.name,
      document.sha256_hex,
      hash(await download(ada, `/v1/documents/${document.id}/content`)),
    ];
  for (const incident of await listed(ada, '/v1/incidents', 'incidents')) {
    const path = `/v1/incidents/${incident.id}`;
    // How far a deletion has come is a matter of time.
    found[path] = incident.deletion_state === 'active' ? incident : 'leaving';
    if (incident.deletion_state !== 'active') continue;
    Object.assign(found, await readCaptures(ada, path));
    for (const part of ['streams', 'chunks']) found[`${path}/${part}`] = await listed(ada, `${path}/${part}`, part);
    for (const stream of await listed(ada, `${path}/streams`, 'streams'))
      if (stream.status === 'complete')
        found[`${path}/${stream.id}`] = hash(await download(ada, `${path}/streams/${stream.id}/download`));
    found[`${path}/download`] = await entriesOf(await download(ada, `${path}/download`));
  }
  return found;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server says is compared as it is
export async function listed(as: Api, path: string, name: string): Promise<any[]> {
  const all = [];
  let cursor = '';
  for (;;) {
    const { status, body } = await as.call('GET', `${path}?limit=100${cursor}`);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    all.push(...(body[name] ?? []));
    if (body.next_cursor === undefined) return all;
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}

async function download(as: Api, path: string): Promise<Buffer> {
  const response = await fetch(`${as.url}${path}`, { headers: { authorization: `Bearer ${as.token}` } });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Of an incident's bundle: `generated_at` is when it was asked for, everything else must be the same. */
async function entriesOf(bundle: Buffer): Promise<Record<string, string>> {
  const entries = await readZip(bundle);
  return Object.fromEntries(
    entries.map(({ name, bytes }) => [
      name,
      hash(name === 'manifest.json' ? bytes.toString().replace(/"generated_at": "[^"]+"/, '') : bytes),
    ]),
  );
}

function hash(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The names of what differs; empty when two stores are the same to a reader. */
export function differences(a: Readable, b: Readable): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => !isDeepStrictEqual(a[name], b[name]));
}
