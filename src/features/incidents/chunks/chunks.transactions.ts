import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import { lastly, type Trx, transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, type IncidentRow } from '../incident-access.ts';
import { assertSourceFits, type ChunkSource } from './chunk-source.ts';
import { type ChunkRow, chunkById, type EarlierUpload, earlierUpload } from './chunks.store.ts';
import { holdSegment, writeSource } from './source-place.ts';

interface Operation {
  id: string;
  keyHash: string;
  fingerprint: string;
}

export interface RecordChunk {
  chunk: ChunkRow;
  source?: ChunkSource;
  operation?: Operation;
  /** For accounts without a limit of their own. Bytes; 0 for none. */
  defaultQuotaBytes: number;
}

export type Recorded = { created: true; captureGroupId?: string } | { created: false; chunk: ChunkRow };

/**
 * Accepts a chunk whose bytes are already durable. Everything that was checked before the body is checked again here, where
 * nothing can change in between: idempotency key, identity, incident, stream, quota. All checks come before the first write.
 *
 * All reads are asked for at once, the locks first and in the house's order, so that key and identity are looked up when nobody
 * else is adding to this stream; all writes go together with the commit. So it takes a database at a distance two round trips.
 */
export const recordChunkTransaction = transaction(
  'chunks.record',
  async (trx, { chunk, source, operation, defaultQuotaBytes }: RecordChunk): Promise<Recorded> => {
    const { incident_id: incidentId, stream_id: streamId, media_type: mediaType } = chunk;
    const [{ incident, stream, owner }, { usedKey, standingId }] = await held(trx, chunk, operation?.keyHash);
    if (usedKey !== undefined) {
      const earlier =
        usedKey.fingerprint === operation?.fingerprint ? await chunkById(trx, usedKey.chunkId) : undefined;
      if (earlier === undefined) throw new Problem('idempotency_conflict');
      return { created: false, chunk: earlier };
    }
    if (standingId !== undefined) throw new Problem('duplicate_chunk');
    if (incident === undefined) throw new Problem('incident_not_found');
    assertOpen(incident);
    if (streamId !== null) {
      if (stream === undefined) throw new Problem('stream_not_found');
      if (stream.media_type !== mediaType) throw new Problem('stream_media_type_mismatch');
      if (stream.status !== 'open') throw new Problem('stream_not_open');
    }
    assertSourceFits(stream?.capture_group_id, source);
    if (owner !== undefined) {
      const limit = owner.bytes_limit ?? defaultQuotaBytes;
      if (limit > 0 && owner.bytes_used + chunk.byte_size > limit) throw new Problem('quota_exceeded');
    }
    const place =
      source === undefined || streamId === null || stream?.capture_group_id == null
        ? undefined
        : { groupId: stream.capture_group_id, streamId, source };
    // Only here does a chunk of a capture group take longer than another: by two statements.
    const segment = place === undefined ? undefined : await holdSegment(trx, place);
    await lastly(trx, [
      ...(owner === undefined ? [] : [chargeAccount.changes(trx, { accountId: owner.id, bytes: chunk.byte_size })]),
      ...(streamId === null
        ? []
        : [countInStream.changes(trx, { streamId, chunkId: chunk.id, bytes: chunk.byte_size })]),
      insertChunk.changes(trx, chunk),
      ...(place === undefined || segment === undefined ? [] : writeSource(trx, place, chunk.id, segment.isNew)),
      ...(operation === undefined
        ? []
        : [
            insertOperation.changes(trx, {
              ...operation,
              incidentId,
              chunkId: chunk.id,
              createdAt: chunk.created_at,
            }),
          ]),
    ]);
    return { created: true, ...(place === undefined ? {} : { captureGroupId: place.groupId }) };
  },
);

interface Target {
  incident: Pick<IncidentRow, 'status' | 'deletion_state'> | undefined;
  stream: { media_type: string; status: string; capture_group_id: string | null } | undefined;
  /** Undefined for an incident that is nobody's. */
  owner: { id: string; bytes_used: number; bytes_limit: number | null } | undefined;
}

/** What a chunk is added to, locked, and what stands already. */
async function held(trx: Trx, chunk: ChunkRow, keyHash?: string): Promise<[Target, EarlierUpload]> {
  const { incident_id: incidentId, stream_id: streamId, media_type: mediaType, chunk_index: chunkIndex } = chunk;
  const earlier = () => earlierUpload(trx, { incidentId, streamId, mediaType, chunkIndex }, keyHash);
  if (streamId !== null) {
    const [all, before] = await Promise.all([allToAddTo.first(trx, { incidentId, streamId }), earlier()]);
    if (all !== undefined) {
      const { bytes_limit, bytes_used, capture_group_id, deletion_state, id, media_type, status, stream_status } = all;
      const owner = { id, bytes_used, bytes_limit };
      const stream = { media_type, status: stream_status, capture_group_id };
      return [{ incident: { status, deletion_state }, stream, owner }, before];
    }
  }
  // Without a stream or an owner. What stands is looked up again: nothing was held before.
  const [incident, stream, owner, before] = await Promise.all([
    incidentToAddTo.first(trx, { incidentId }),
    streamId === null ? undefined : streamToAddTo.first(trx, { incidentId, streamId }),
    ownerToCharge.first(trx, { incidentId }),
    earlier(),
  ]);
  return [{ incident, stream, owner }, before];
}

/** The three below at once, locked in the order in which they are named. */
const allToAddTo = compiled((db, by: { incidentId: string; streamId: string }) =>
  db
    .selectFrom('incidents')
    .innerJoin('media_streams', 'media_streams.incident_id', 'incidents.id')
    .innerJoin('accounts', 'accounts.id', 'incidents.owner_account_id')
    .select([
      'incidents.status',
      'incidents.deletion_state',
      'media_streams.media_type',
      'media_streams.status as stream_status',
      'media_streams.capture_group_id',
      'accounts.id',
      'accounts.bytes_used',
      'accounts.bytes_limit',
    ])
    .where('incidents.id', '=', by.incidentId)
    .where('media_streams.id', '=', by.streamId)
    .forShare(['incidents'])
    .forNoKeyUpdate(['media_streams'])
    .forNoKeyUpdate(['accounts']),
);

/** Shared: chunks of other streams are added at the same time; closing and deletion wait for them, and they for those. */
const incidentToAddTo = compiled((db, by: { incidentId: string }) =>
  db.selectFrom('incidents').select(['status', 'deletion_state']).where('id', '=', by.incidentId).forShare(),
);

/** One at a time: it counts its chunks, and completion counts on that. */
const streamToAddTo = compiled((db, by: { incidentId: string; streamId: string }) =>
  db
    .selectFrom('media_streams')
    .select(['media_type', 'status', 'capture_group_id'])
    .where('id', '=', by.streamId)
    .where('incident_id', '=', by.incidentId)
    .forNoKeyUpdate(),
);

/** Found by the incident, so that it need not be known first; whose that is stays so while the incident is held. */
const ownerToCharge = compiled((db, by: { incidentId: string }) =>
  db
    .selectFrom('accounts')
    .select(['id', 'bytes_used', 'bytes_limit'])
    .where('id', '=', ({ selectFrom }) =>
      selectFrom('incidents').select('owner_account_id').where('incidents.id', '=', by.incidentId),
    )
    .forNoKeyUpdate(),
);

const chargeAccount = compiled((db, by: { accountId: string; bytes: number }) =>
  db
    .updateTable('accounts')
    .set((builder) => ({ bytes_used: builder('bytes_used', '+', by.bytes) }))
    .where('id', '=', by.accountId),
);

const countInStream = compiled((db, by: { streamId: string; chunkId: string; bytes: number }) =>
  db
    .updateTable('media_streams')
    .set((builder) => ({
      chunk_count: builder('chunk_count', '+', 1),
      byte_count: builder('byte_count', '+', by.bytes),
      latest_chunk_id: by.chunkId,
    }))
    .where('id', '=', by.streamId),
);

const insertChunk = compiled((db, chunk: ChunkRow) =>
  db.insertInto('chunks').values({
    id: chunk.id,
    incident_id: chunk.incident_id,
    stream_id: chunk.stream_id,
    chunk_index: chunk.chunk_index,
    media_type: chunk.media_type,
    started_at: chunk.started_at,
    ended_at: chunk.ended_at,
    original_filename: chunk.original_filename,
    stored_path: chunk.stored_path,
    byte_size: chunk.byte_size,
    sha256_hex: chunk.sha256_hex,
    created_at: chunk.created_at,
  }),
);

const insertOperation = compiled(
  (db, operation: Operation & { incidentId: string; chunkId: string; createdAt: string }) =>
    db.insertInto('upload_operations').values({
      id: operation.id,
      operation_type: 'complete_chunk',
      idempotency_key_hash: operation.keyHash,
      state: 'completed',
      incident_id: operation.incidentId,
      chunk_id: operation.chunkId,
      fingerprint: operation.fingerprint,
      created_at: operation.createdAt,
    }),
);
