import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, incidentById } from '../incident-access.ts';
import { streamOf } from '../streams/streams.store.ts';
import { type ChunkRow, chunkById, chunkByIdentity, operationByKey } from './chunks.store.ts';

export interface RecordChunk {
  chunk: ChunkRow;
  operation?: { id: string; keyHash: string; fingerprint: string };
  /** For accounts without a limit of their own. Bytes; 0 for none. */
  defaultQuotaBytes: number;
}

export type Recorded = { created: true } | { created: false; chunk: ChunkRow };

/**
 * Accepts a chunk whose bytes are already durable. Everything that was checked before the body is checked again here, where
 * nothing can change in between: idempotency key, identity, incident, stream, quota.
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
    const identity = {
      incidentId: chunk.incident_id,
      streamId: chunk.stream_id,
      mediaType: chunk.media_type,
      chunkIndex: chunk.chunk_index,
    };
    if ((await chunkByIdentity(trx, identity)) !== undefined) throw new Problem('duplicate_chunk');
    const incident = await incidentById(trx, chunk.incident_id);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertOpen(incident);
    if (chunk.stream_id !== null) {
      const stream = await streamOf(trx, chunk.incident_id, chunk.stream_id);
      if (stream.media_type !== chunk.media_type) throw new Problem('stream_media_type_mismatch');
      if (stream.status !== 'open') throw new Problem('stream_not_open');
      await trx
        .updateTable('media_streams')
        .set((builder) => ({
          chunk_count: builder('chunk_count', '+', 1),
          byte_count: builder('byte_count', '+', chunk.byte_size),
          latest_chunk_id: chunk.id,
        }))
        .where('id', '=', chunk.stream_id)
        .execute();
    }
    if (incident.owner_account_id !== null) {
      const charged = await trx
        .updateTable('accounts')
        .set((builder) => ({ bytes_used: builder('bytes_used', '+', chunk.byte_size) }))
        .where('id', '=', incident.owner_account_id)
        .where((builder) => {
          const limit = builder.fn.coalesce('bytes_limit', builder.val(defaultQuotaBytes));
          return builder.or([
            builder(limit, '=', 0),
            builder(builder('bytes_used', '+', chunk.byte_size), '<=', limit),
          ]);
        })
        .executeTakeFirst();
      if (Number(charged.numUpdatedRows) === 0) throw new Problem('quota_exceeded');
    }
    await trx.insertInto('chunks').values(chunk).execute();
    if (operation !== undefined) {
      await trx
        .insertInto('upload_operations')
        .values({
          id: operation.id,
          operation_type: 'complete_chunk',
          idempotency_key_hash: operation.keyHash,
          state: 'completed',
          incident_id: chunk.incident_id,
          chunk_id: chunk.id,
          fingerprint: operation.fingerprint,
          created_at: chunk.created_at,
        })
        .execute();
    }
    return { created: true };
  },
);
