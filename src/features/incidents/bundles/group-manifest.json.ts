import { z } from 'zod';
import { bundleKinds } from '#kit/evidence/bundle/group-facts.ts';
import { bundleFormat } from '#kit/evidence/bundle/group-manifest.ts';
import { captureGroupShape, resolutionShape } from '../captures/captures.json.ts';
import { supersessionShape } from '../captures/supersessions/supersessions.json.ts';
import { variantShape } from '../captures/variant.ts';
import { streamShape } from '../streams/streams.json.ts';
import { encryptionShape } from './manifest.ts';

const time = z.iso.datetime();
const count = z.number().int();
const range = { source_started_at: time, source_ended_at: time };
const segment = resolutionShape.shape.segments.element.shape;

const variant = streamShape
  .omit({ id: true, incident_id: true, updated_at: true, capture_stream_group_id: true })
  .extend({
    stream_id: z.string(),
    ...variantShape.omit({ capture_stream_group_id: true }).shape,
    chunk_count: count.describe('Confirmed, whether or not their bytes are in the bundle'),
    total_bytes: count,
    missing_chunks: z.array(z.object({ first_index: count, last_index: count })),
  });

const chunk = z.object({
  chunk_id: z.string(),
  stream_id: z.string(),
  chunk_index: count,
  byte_size: count,
  sha256_hex: z.string(),
  started_at: time,
  ended_at: time,
  original_filename: z.string().optional(),
  source_segment_id: z.string(),
  source_sequence: count,
  ...range,
  context_digest: z.string().optional(),
  created_at: time,
  included: z.boolean().describe('Whether its bytes are in the bundle'),
});

export const groupManifestShape = z
  .object({
    format: z.literal(bundleFormat),
    kind: z.enum(bundleKinds),
    incident: z.object({ id: z.string(), status: z.enum(['open', 'closed']) }),
    capture_group: captureGroupShape.omit({ incident_id: true, capture_source_id: true, source_clock_id: true }),
    encryption: encryptionShape,
    as_of: time,
    chunk_count: count.describe('Of the chunks whose bytes are in the bundle'),
    total_bytes: count,
    coverage: z.object({
      segment_count: count,
      fallback: z.array(z.string()).describe('Segments of which something else than a master was chosen'),
      master_missing: z.array(z.string()),
      master_partial: z.array(z.string()),
    }),
    variants: z.array(variant),
    chunks: z.array(chunk).describe('Every confirmed chunk of the group'),
    resolution: resolutionShape.extend({
      segments: z.array(
        z.object({
          ...segment,
          chosen: z.string().describe('A chunk, by its id'),
          superseded: z.array(z.string()),
          beside: z.array(z.object({ chunk_id: z.string(), why: segment.beside.element.shape.why })),
        }),
      ),
    }),
    supersessions: z.array(supersessionShape.omit({ capture_group_id: true, actor_account_id: true })),
  })
  .meta({ id: 'CaptureManifest' });

export const bundleQuery = z.object({
  kind: z
    .enum(bundleKinds)
    .default('canonical')
    .describe(
      'canonical: the chosen chunks and all context; partial: everything confirmed; completed: complete streams alone',
    ),
});
