import { z } from 'zod';
import type { Db } from '#platform/metadata/metadata.ts';
import { mediaTypeShape } from '../media-type.ts';
import { type StoredSource, sourcesOf } from './chunk-sources.store.ts';
import type { ChunkRow } from './chunks.store.ts';

const time = z.iso.datetime();

/** In a stream of a capture group. */
const sourceShape = z
  .object({
    capture_stream_group_id: z.string(),
    source_segment_id: z.string(),
    source_sequence: z.number().int(),
    source_started_at: time,
    source_ended_at: time,
    context_digest: z.string(),
  })
  .partial();

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
    ...sourceShape.shape,
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
    ...sourceShape.shape,
  })
  .meta({ id: 'Reconciliation' });

export const conflictShape = z.object({ status: z.literal('conflict'), mismatched_fields: z.array(z.string()) });

/** Where the bytes are stored is nobody's business outside. */
export function chunkJson(chunk: ChunkRow, source?: StoredSource): z.output<typeof chunkShape> {
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
    ...sourceJson(source),
  };
}

export function sourceJson(source: StoredSource | undefined): z.output<typeof sourceShape> {
  if (source === undefined) return {};
  return {
    capture_stream_group_id: source.capture_group_id,
    source_segment_id: source.source_segment_id,
    source_sequence: source.source_sequence,
    source_started_at: source.source_started_at,
    source_ended_at: source.source_ended_at,
    ...(source.context_digest === null ? {} : { context_digest: source.context_digest }),
  };
}

/** A listing: one look for all of them, and none where no stream is among them. */
export async function chunksJson(db: Db, chunks: readonly ChunkRow[]): Promise<z.output<typeof chunkShape>[]> {
  const streamed = chunks.filter(({ stream_id }) => stream_id !== null).map(({ id }) => id);
  const sources = await sourcesOf(db, streamed);
  return chunks.map((chunk) => chunkJson(chunk, sources.get(chunk.id)));
}
