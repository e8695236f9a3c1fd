import { z } from 'zod';
import { variantJson, variantShape } from '../captures/variant.ts';
import { mediaTypeShape } from '../media-type.ts';
import type { StreamRow } from './streams.store.ts';

const time = z.iso.datetime();

export const streamShape = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    media_type: mediaTypeShape,
    label: z.string().optional(),
    status: z.enum(['open', 'complete', 'failed']),
    expected_chunk_count: z.number().int().optional(),
    created_at: time,
    updated_at: time,
    completed_at: time.optional(),
    failed_at: time.optional(),
    failure_reason: z.string().optional(),
    ...variantShape.partial().shape,
  })
  .meta({ id: 'Stream' });

export function streamJson(stream: StreamRow): z.output<typeof streamShape> {
  return {
    id: stream.id,
    incident_id: stream.incident_id,
    media_type: stream.media_type,
    ...(stream.label === null ? {} : { label: stream.label }),
    status: stream.status,
    ...(stream.expected_chunk_count === null ? {} : { expected_chunk_count: stream.expected_chunk_count }),
    created_at: stream.created_at,
    updated_at: stream.updated_at,
    ...(stream.completed_at === null ? {} : { completed_at: stream.completed_at }),
    ...(stream.failed_at === null ? {} : { failed_at: stream.failed_at }),
    ...(stream.failure_reason === null ? {} : { failure_reason: stream.failure_reason }),
    ...variantJson(stream),
  };
}
