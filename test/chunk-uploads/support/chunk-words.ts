import assert from 'node:assert/strict';
import { type Client, endedAt, sha256Hex, startedAt } from '../../http/support/client.ts';
import { until } from '../../http/support/world.ts';
import { chunkName, type StoredBlobs } from '../../support/stored-blobs.ts';
import { lookAt } from '../../support/tus-client.ts';

export interface SentTo {
  incident: string;
  stream: string;
  index: number;
}

export const uploadsOf = (incident: string) => `/v1/incidents/${incident}/uploads`;

export function chunkWords(
  { stream, index }: Pick<SentTo, 'index' | 'stream'>,
  bytes: Uint8Array,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    stream_id: stream,
    chunk_index: String(index),
    started_at: startedAt,
    ended_at: endedAt,
    sha256_hex: sha256Hex(bytes),
    ...more,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
export async function chunksOf(client: Client, incident: string): Promise<any[]> {
  return (await client.get(`/v1/incidents/${incident}/chunks?limit=200`)).body.chunks;
}

/** The upload is done, and its chunk is there once with exactly these bytes. Returns the chunk's id. */
export async function assertAccepted(
  client: Client,
  stored: Pick<StoredBlobs, 'read'>,
  to: SentTo,
  bytes: Buffer,
  path: string,
): Promise<string> {
  const upload = await until(async () => {
    const seen = await lookAt(client, path);
    assert.notEqual(seen.status, 'failed', seen.refusal);
    return seen.status === 'done' ? seen : undefined;
  }, 'done');
  const here = (await chunksOf(client, to.incident)).filter(
    ({ chunk_index, stream_id }) => chunk_index === to.index && stream_id === to.stream,
  );
  assert.deepEqual(
    here.map(({ id, sha256_hex, byte_size }) => [id, sha256_hex, byte_size]),
    [[upload.result_id, sha256Hex(bytes), bytes.length]],
  );
  assert.deepEqual(await stored.read(chunkName(to.incident, to.stream, to.index)), bytes);
  return upload.result_id;
}

export async function partsGone(stored: Pick<StoredBlobs, 'list'>, id: string): Promise<void> {
  await until(async () => ((await stored.list(`uploads/${id}`)).length === 0 ? true : undefined), 'parts removed');
}
