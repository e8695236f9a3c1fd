import { z } from 'zod';
import { mediaTypeShape } from '../media-type.ts';
import type { ChunkRow } from './chunks.store.ts';

const time = z.iso.datetime();

export const chunkShape = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    stream_id: z.string().optional(),
    chunk_index: z.number().int(),
    media_type: mediaTypeShape,
    started_at: time,
    ended_at: time,
    original_filename: z.string().optional(),
    byte_size: z.number().int(),
    sha256_hex: z.string(),
    created_at: time,
  })
  .meta({ id: 'Chunk' });

export const reconciliationShape = z
  .object({
    status: z.literal('matched'),
    identity: z.object({
      incident_id: z.string(),
      stream_id: z.string().optional(),
      media_type: mediaTypeShape,
      chunk_index: z.number().int(),
    }),
    chunk_id: z.string(),
    byte_size: z.number().int(),
    sha256_hex: z.string(),
    started_at: time,
    ended_at: time,
    created_at: time,
  })
  .meta({ id: 'Reconciliation' });

export const conflictShape = z.object({ status: z.literal('conflict'), mismatched_fields: z.array(z.string()) });

/** Where the bytes are stored is nobody's business outside. */
export function chunkJson(chunk: ChunkRow): z.output<typeof chunkShape> {
  return {
    id: chunk.id,
    incident_id: chunk.incident_id,
    ...(chunk.stream_id === null ? {} : { stream_id: chunk.stream_id }),
    chunk_index: chunk.chunk_index,
    media_type: chunk.media_type,
    started_at: chunk.started_at,
    ended_at: chunk.ended_at,
    ...(chunk.original_filename === null ? {} : { original_filename: chunk.original_filename }),
    byte_size: chunk.byte_size,
    sha256_hex: chunk.sha256_hex,
    created_at: chunk.created_at,
  };
}
