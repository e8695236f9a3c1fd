import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { MediaType } from '../media-type.ts';
import type { ChunkIdentity } from './chunk-identity.ts';
import type { ChunksTable } from './chunks.tables.ts';

export type ChunkRow = Selectable<ChunksTable>;

const byId = compiled((db, by: { id: string }) => db.selectFrom('chunks').selectAll().where('id', '=', by.id));

export async function chunkById(db: Db, id: string): Promise<ChunkRow | undefined> {
  return await byId.first(db, { id });
}

type Streamed = { incidentId: string; streamId: string; chunkIndex: number };

const streamedChunk = compiled((db, by: Streamed) =>
  db
    .selectFrom('chunks')
    .selectAll()
    .where('incident_id', '=', by.incidentId)
    .where('stream_id', '=', by.streamId)
    .where('chunk_index', '=', by.chunkIndex),
);

/** An identity as far as it is needed to find its chunk: in a stream the media type is the stream's. */
export type ChunkPlace = Pick<ChunkIdentity, 'incidentId' | 'chunkIndex'> &
  ({ streamId: string; mediaType?: MediaType } | { streamId: null; mediaType: MediaType });

export async function chunkByIdentity(db: Db, place: ChunkPlace): Promise<ChunkRow | undefined> {
  const { incidentId, chunkIndex } = place;
  if (place.streamId !== null)
    return await streamedChunk.first(db, { incidentId, streamId: place.streamId, chunkIndex });
  return await db
    .selectFrom('chunks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where('stream_id', 'is', null)
    .where('media_type', '=', place.mediaType)
    .where('chunk_index', '=', chunkIndex)
    .executeTakeFirst();
}

export interface UsedKey {
  fingerprint: string;
  chunkId: string;
}

const operation = compiled((db, by: { keyHash: string }) =>
  db
    .selectFrom('upload_operations')
    .select(['fingerprint', 'chunk_id as chunkId'])
    .where('idempotency_key_hash', '=', by.keyHash),
);

export async function operationByKey(db: Db, keyHash: string): Promise<UsedKey | undefined> {
  return await operation.first(db, { keyHash });
}

/** What stands already under the key and the identity of an upload. */
export interface EarlierUpload {
  usedKey?: UsedKey;
  /** Of the chunk. */
  standingId?: string;
}

/** Both at once: a statement costs a database more than another row that it finds. Without a key the hash is empty. */
const underKeyAndPlace = compiled((db, by: Streamed & { keyHash: string }) =>
  db.selectNoFrom(({ selectFrom }) => [
    selectFrom('upload_operations')
      .select('fingerprint')
      .where('idempotency_key_hash', '=', by.keyHash)
      .as('fingerprint'),
    selectFrom('upload_operations').select('chunk_id').where('idempotency_key_hash', '=', by.keyHash).as('chunkId'),
    selectFrom('chunks')
      .select('id')
      .where('incident_id', '=', by.incidentId)
      .where('stream_id', '=', by.streamId)
      .where('chunk_index', '=', by.chunkIndex)
      .as('standingId'),
  ]),
);

export async function earlierUpload(db: Db, place: ChunkPlace, keyHash?: string): Promise<EarlierUpload> {
  const { incidentId, chunkIndex } = place;
  if (place.streamId === null) {
    const [used, standing] = await Promise.all([
      keyHash === undefined ? undefined : operationByKey(db, keyHash),
      chunkByIdentity(db, place),
    ]);
    return earlierOf(used?.fingerprint, used?.chunkId, standing?.id);
  }
  const sought = { incidentId, streamId: place.streamId, chunkIndex, keyHash: keyHash ?? '' };
  const found = await underKeyAndPlace.first(db, sought);
  return earlierOf(found?.fingerprint, found?.chunkId, found?.standingId);
}

type Maybe = string | null | undefined;

/** From columns of outer joins. */
export function earlierOf(fingerprint: Maybe, chunkId: Maybe, standingId: Maybe): EarlierUpload {
  return {
    ...(fingerprint == null || chunkId == null ? {} : { usedKey: { fingerprint, chunkId } }),
    ...(standingId == null ? {} : { standingId }),
  };
}

/**
 * Unstreamed chunks by media type and index, then stream by stream by index; after the chunk of that id, where one is given.
 * Not in order of acceptance: that would need an index of its own, which every upload would pay (docs/decisions/0011).
 * Throws invalid_cursor when the incident has no such chunk.
 */
export async function chunksOfIncident(db: Db, incidentId: string, limit: number, after?: string): Promise<ChunkRow[]> {
  const last = after === undefined ? undefined : await chunkById(db, after);
  if (after !== undefined && last?.incident_id !== incidentId) throw new Problem('invalid_cursor');
  const unstreamed = last?.stream_id == null ? await unstreamedAfter(db, incidentId, limit, last) : [];
  if (unstreamed.length === limit) return unstreamed;
  return [...unstreamed, ...(await streamedAfter(db, incidentId, limit - unstreamed.length, last))];
}

async function unstreamedAfter(db: Db, incidentId: string, limit: number, last?: ChunkRow): Promise<ChunkRow[]> {
  return await db
    .selectFrom('chunks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where('stream_id', 'is', null)
    .$if(last !== undefined, (query) =>
      query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('media_type', 'chunk_index'), '>', tuple(last?.media_type ?? 'audio', last?.chunk_index ?? 0)),
      ),
    )
    .orderBy('media_type')
    .orderBy('chunk_index')
    .limit(limit)
    .execute();
}

async function streamedAfter(db: Db, incidentId: string, limit: number, last?: ChunkRow): Promise<ChunkRow[]> {
  return await db
    .selectFrom('chunks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('stream_id', 'chunk_index'), '>', tuple(last?.stream_id ?? '', last?.chunk_index ?? 0)),
    )
    .orderBy('stream_id')
    .orderBy('chunk_index')
    .limit(limit)
    .execute();
}

/** In order of index, after a given one. */
export async function chunksOfStream(
  db: Db,
  incidentId: string,
  streamId: string,
  afterIndex: number,
  limit: number,
): Promise<ChunkRow[]> {
  return await db
    .selectFrom('chunks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where('stream_id', '=', streamId)
    .where('chunk_index', '>', afterIndex)
    .orderBy('chunk_index')
    .limit(limit)
    .execute();
}

export async function chunkBlobsOfStream(
  db: Db,
  incidentId: string,
  streamId: string,
  afterIndex: number,
  limit: number,
): Promise<Pick<ChunkRow, 'chunk_index' | 'stored_path' | 'byte_size'>[]> {
  return await db
    .selectFrom('chunks')
    .select(['chunk_index', 'stored_path', 'byte_size'])
    .where('incident_id', '=', incidentId)
    .where('stream_id', '=', streamId)
    .where('chunk_index', '>', afterIndex)
    .orderBy('chunk_index')
    .limit(limit)
    .execute();
}

export interface UnstreamedSummary {
  media_type: MediaType;
  count: number;
  latest_id: string;
}

/** The older kind of chunk has no stream row that counts for it. */
export async function unstreamedSummary(db: Db, incidentId: string): Promise<UnstreamedSummary[]> {
  const rows = await db
    .selectFrom('chunks')
    .select((builder) => [
      'media_type',
      builder.fn.countAll<number>().as('count'),
      builder.fn.max('id').as('latest_id'),
    ])
    .where('incident_id', '=', incidentId)
    .where('stream_id', 'is', null)
    .groupBy('media_type')
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
