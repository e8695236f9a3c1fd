import { z } from 'zod';
import { encryptionStatement } from '#kit/evidence/bundle/group-manifest.ts';
import { checkinShape } from '../check-ins/check-ins.json.ts';
import type { ChunkRow } from '../chunks/chunks.store.ts';
import { incidentShape } from '../incidents.json.ts';
import { mediaTypeShape } from '../media-type.ts';
import type { StreamRow } from '../streams/streams.store.ts';

const time = z.iso.datetime();

export const encryptionShape = z.object({
  expected: z.literal('client-side'),
  scheme: z.string(),
  server_decrypts: z.literal(false),
});

export const streamManifestShape = z
  .object({
    incident_id: z.string(),
    stream_id: z.string(),
    media_type: mediaTypeShape,
    label: z.string().optional(),
    status: z.literal('complete'),
    encryption: encryptionShape,
    created_at: time,
    completed_at: time.optional(),
    chunk_count: z.number().int(),
    total_bytes: z.number().int(),
    chunks: z.array(
      z.object({
        chunk_index: z.number().int(),
        media_type: mediaTypeShape,
        byte_size: z.number().int(),
        sha256_hex: z.string(),
        started_at: time,
        ended_at: time,
        original_filename: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'StreamManifest' });

export type StreamManifest = z.output<typeof streamManifestShape>;

export const incidentManifestShape = z
  .object({
    incident: incidentShape,
    latest_checkin: checkinShape.optional(),
    encryption: encryptionShape,
    streams: z.array(streamManifestShape.omit({ chunks: true })),
    stream_count: z.number().int(),
    total_bytes: z.number().int(),
    generated_at: time,
  })
  .meta({ id: 'IncidentManifest' });

export function streamManifest(stream: StreamRow, chunks: readonly ChunkRow[]): StreamManifest {
  return {
    incident_id: stream.incident_id,
    stream_id: stream.id,
    media_type: stream.media_type,
    ...(stream.label === null ? {} : { label: stream.label }),
    status: 'complete',
    encryption: encryptionStatement,
    created_at: stream.created_at,
    ...(stream.completed_at === null ? {} : { completed_at: stream.completed_at }),
    chunk_count: chunks.length,
    total_bytes: chunks.reduce((total, chunk) => total + chunk.byte_size, 0),
    chunks: chunks.map((chunk) => ({
      chunk_index: chunk.chunk_index,
      media_type: chunk.media_type,
      byte_size: chunk.byte_size,
      sha256_hex: chunk.sha256_hex,
      started_at: chunk.started_at,
      ended_at: chunk.ended_at,
      ...(chunk.original_filename === null ? {} : { original_filename: chunk.original_filename }),
    })),
  };
}
