import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Answer, Api } from './api.ts';
import { bytesNamed } from './random.ts';
import { chunkName, type StoredBlobs } from './stored-blobs.ts';

/** A chunk that was sent, and what was heard of it. Its bytes are made again from its key. */
export interface SentChunk {
  incidentId: string;
  streamId: string;
  index: number;
  size: number;
  key: string;
  /** The body of a 2xx: from then on it must be there for ever. Undefined: never answered so, and then both outcomes are right. */
  accepted?: unknown;
  /** When that was heard; performance.now(). */
  acceptedAt?: number;
  /** Of any other answer. */
  refused?: string;
}

/** Something else that an answer promised, and how to look whether it still holds: undefined, or what is wrong. */
export interface PromisedFact {
  name: string;
  broken(as: Api): Promise<string | undefined>;
}

/** Where the accepted bytes are looked at, past the server: a data folder, or what stands in a bucket. */
export type Stored = string | Pick<StoredBlobs, 'read' | 'list'>;

const times = { startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:02.000Z' };

export const chunkBytes = (chunk: SentChunk) => bytesNamed(chunk.key, chunk.size);

export async function sendChunk(as: Api, chunk: SentChunk): Promise<Answer | undefined> {
  const answer = await as
    .putChunk(chunk.incidentId, chunk.streamId, chunk.index, chunkBytes(chunk), { key: chunk.key, ...times })
    .catch(() => undefined);
  if (answer === undefined) return undefined;
  if (answer.status === 201 || answer.status === 200) {
    chunk.accepted = answer.body;
    chunk.acceptedAt = performance.now();
  } else chunk.refused = `${answer.status} ${answer.body?.error?.code}`;
  return answer;
}

export function blobFile(dataDir: string, chunk: SentChunk): string {
  const name = `video_${String(chunk.index).padStart(6, '0')}.enc`;
  return `${dataDir}/blobs/incidents/${chunk.incidentId}/streams/${chunk.streamId}/${name}`;
}

export function hashOfFile(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}

async function storedHash(stored: Stored, chunk: SentChunk): Promise<string | undefined> {
  if (typeof stored === 'string') return hashOfFile(blobFile(stored, chunk));
  const bytes = await stored.read(chunkName(chunk.incidentId, chunk.streamId, chunk.index));
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
}

/** Whether anything of an incident is still stored, and be it an empty folder. */
export async function blobsStay(stored: Stored, incidentId: string): Promise<boolean> {
  if (typeof stored === 'string') return existsSync(`${stored}/blobs/incidents/${incidentId}`);
  return (await stored.list(`incidents/${incidentId}`)).length > 0;
}

/** What is wrong with an accepted chunk: its row, its stored bytes, or the answer to its retry. Empty when nothing is. */
export async function brokenChunk(as: Api, stored: Stored, chunk: SentChunk): Promise<string[]> {
  const broken: string[] = [];
  const name = `chunk ${chunk.incidentId}/${chunk.index} (${chunk.size} bytes)`;
  const bytes = chunkBytes(chunk);
  const sha256Hex = createHash('sha256').update(bytes).digest('hex');
  const row = await reconcile(as, chunk, sha256Hex);
  if (row.status !== 200) broken.push(`${name}: accepted, but its row is gone (${row.status})`);
  const standing = await storedHash(stored, chunk);
  if (standing !== sha256Hex)
    broken.push(`${name}: accepted, but its bytes are ${standing === undefined ? 'gone' : 'other'}`);
  if (broken.length > 0) return broken;
  const again = await as.putChunk(chunk.incidentId, chunk.streamId, chunk.index, bytes, { key: chunk.key, ...times });
  if (again.status !== 200 || !isDeepStrictEqual(again.body, chunk.accepted))
    broken.push(`${name}: its retry was answered ${again.status}, not as before`);
  return broken;
}

/**
 * A chunk that was sent and never accepted: nothing of it may be visible that is not whole, and its retry must be accepted, whatever the
 * crash left behind.
 */
export async function brokenRetry(as: Api, stored: Stored, chunk: SentChunk): Promise<string[]> {
  const name = `chunk ${chunk.incidentId}/${chunk.index}, never answered`;
  const bytes = chunkBytes(chunk);
  const sha256Hex = createHash('sha256').update(bytes).digest('hex');
  const broken: string[] = [];
  const before = await reconcile(as, chunk, sha256Hex);
  const standing = await storedHash(stored, chunk);
  if (standing !== undefined && standing !== sha256Hex) broken.push(`${name}: a torn blob stands under its name`);
  if (before.status === 200 && standing === undefined) broken.push(`${name}: a row without its blob`);
  if (before.status !== 200 && before.status !== 404) broken.push(`${name}: reconcile answered ${before.status}`);
  const answer = await sendChunk(as, chunk);
  const wanted = before.status === 200 ? 200 : 201;
  if (answer?.status !== wanted)
    broken.push(`${name}: its retry was answered ${answer?.status} ${chunk.refused}, not ${wanted}`);
  return broken;
}

async function reconcile(as: Api, chunk: SentChunk, sha256Hex: string): Promise<Answer> {
  return await as.call('POST', `/v1/incidents/${chunk.incidentId}/chunks/reconcile`, {
    stream_id: chunk.streamId,
    chunk_index: chunk.index,
    media_type: 'video',
    started_at: times.startedAt,
    ended_at: times.endedAt,
    byte_size: chunk.size,
    sha256_hex: sha256Hex,
  });
}

export interface ListedRow {
  stream_id?: string;
  chunk_index: number;
  byte_size: number;
  sha256_hex: string;
}

/** Every row of an incident that a reader can see. */
export async function listRows(as: Api, incidentId: string): Promise<ListedRow[]> {
  const rows: ListedRow[] = [];
  let cursor = '';
  for (;;) {
    const page = await as.call('GET', `/v1/incidents/${incidentId}/chunks?limit=100${cursor}`);
    if (page.status !== 200) throw new Error(`listing answered ${page.status}`);
    rows.push(...page.body.chunks);
    if (page.body.next_cursor === undefined) return rows;
    cursor = `&cursor=${encodeURIComponent(page.body.next_cursor)}`;
  }
}

/** Rows of an incident that have no blob, or another one than they say. */
export async function rowsWithoutBlob(as: Api, stored: Stored, incidentId: string): Promise<string[]> {
  const broken: string[] = [];
  for (const row of await listRows(as, incidentId)) {
    const chunk = { incidentId, streamId: row.stream_id ?? '', index: row.chunk_index, size: row.byte_size, key: '' };
    if ((await storedHash(stored, chunk)) !== row.sha256_hex)
      broken.push(`row ${incidentId}/${row.chunk_index} without its blob`);
  }
  return broken;
}
