import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, incidentById } from '../incident-access.ts';
import { streamOf } from '../streams/streams.store.ts';
import { type ChunkRow, chunkById, chunkByIdentity, operationByKey } from './chunks.store.ts';

interface Operation {
  id: string;
  keyHash: string;
  fingerprint: string;
}

export interface RecordChunk {
  chunk: ChunkRow;
  operation?: Operation;
  /** For accounts without a limit of their own. Bytes; 0 for none. */
  defaultQuotaBytes: number;
}

export type Recorded = { created: true } | { created: false; chunk: ChunkRow };

/**
 * Accepts a chunk whose bytes are already durable. Everything that was checked before the body is checked again here, where
 * nothing can change in between: idempotency key, identity, incident, stream, quota. All checks come before the first write.
 */
export const recordChunkTransaction = transaction(
  'chunks.record',
  async (trx, { chunk, operation, defaultQuotaBytes }: RecordChunk): Promise<Recorded> => {
    if (operation !== undefined) {
      const used = await operationByKey(trx, operation.keyHash);
      if (used !== undefined) {
        const earlier = used.fingerprint === operation.fingerprint ? await chunkById(trx, used.chunkId) : undefined;
        if (earlier === undefined) throw new Problem('idempotency_conflict');
        return { created: false, chunk: earlier };
      }
    }
    const { incident_id: incidentId, stream_id: streamId, media_type: mediaType, chunk_index: chunkIndex } = chunk;
    if ((await chunkByIdentity(trx, { incidentId, streamId, mediaType, chunkIndex })) !== undefined)
      throw new Problem('duplicate_chunk');
    const incident = await incidentById(trx, incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertOpen(incident);
    if (streamId !== null) {
      const stream = await streamOf(trx, incidentId, streamId);
      if (stream.media_type !== mediaType) throw new Problem('stream_media_type_mismatch');
      if (stream.status !== 'open') throw new Problem('stream_not_open');
    }
    if (incident.owner_account_id !== null) {
      const charge = { accountId: incident.owner_account_id, bytes: chunk.byte_size, defaultQuotaBytes };
      if ((await chargeAccount.changes(trx, charge)) === 0) throw new Problem('quota_exceeded');
    }
    if (streamId !== null) await countInStream.changes(trx, { streamId, chunkId: chunk.id, bytes: chunk.byte_size });
    await insertChunk.changes(trx, chunk);
    if (operation !== undefined)
      await insertOperation.changes(trx, { ...operation, incidentId, chunkId: chunk.id, createdAt: chunk.created_at });
    return { created: true };
  },
);

/** Changes nothing when the account has no room. */
const chargeAccount = compiled((db, by: { accountId: string; bytes: number; defaultQuotaBytes: number }) =>
  db
    .updateTable('accounts')
    .set((builder) => ({ bytes_used: builder('bytes_used', '+', by.bytes) }))
    .where('id', '=', by.accountId)
    .where((builder) => {
      const limit = builder.fn.coalesce('bytes_limit', builder.val(by.defaultQuotaBytes));
      return builder.or([builder(limit, '=', 0), builder(builder('bytes_used', '+', by.bytes), '<=', limit)]);
    }),
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
