import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import {
  type ConfirmedChunk,
  qualityProfiles,
  type Resolution,
  type SegmentEvidence,
  variantRoles,
} from '#kit/evidence/evidence.ts';
import { mediaTypeShape } from '../media-type.ts';
import type { CaptureGroupRow } from './captures.store.ts';

const time = z.iso.datetime();

export const captureGroupShape = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    capture_source_id: z.string(),
    source_clock_id: z.string().optional(),
    source_timeline_hash: z.string().optional(),
    label: z.string().optional(),
    created_at: time,
  })
  .meta({ id: 'CaptureGroup' });

export function captureGroupJson(group: CaptureGroupRow): z.output<typeof captureGroupShape> {
  return {
    id: group.id,
    incident_id: group.incident_id,
    capture_source_id: group.capture_source_id,
    ...(group.source_clock_id === null ? {} : { source_clock_id: group.source_clock_id }),
    ...(group.source_timeline_hash === null ? {} : { source_timeline_hash: group.source_timeline_hash }),
    ...(group.label === null ? {} : { label: group.label }),
    created_at: group.created_at,
  };
}

const chunk = {
  chunk_id: z.string(),
  stream_id: z.string(),
  media_type: mediaTypeShape,
  variant_role: z.enum(variantRoles),
  quality_profile: z.enum(qualityProfiles),
  source_segment_id: z.string(),
  sha256_hex: z.string(),
};
const evidenceShape = z.object(chunk).meta({ id: 'ConfirmedEvidence' });
const range = { source_started_at: time, source_ended_at: time };
const segmentIds = z.tuple([z.string(), z.string()]);

export const resolutionShape = z
  .object({
    policy_version: z.number().int(),
    segments: z.array(
      z.object({
        source_segment_id: z.string(),
        source_sequence: z.number().int(),
        ...range,
        chosen: evidenceShape,
        basis: z.enum(['exact_segment', 'superset']),
        superseded: z.array(evidenceShape),
        beside: z.array(z.object({ ...chunk, why: z.enum(['equal_rank', 'would_lose_media', 'would_lose_context']) })),
        master: z.enum(['present', 'partial', 'missing']),
        context: z.enum(['present', 'shared', 'missing']),
      }),
    ),
    gaps: z.array(z.object(range)),
    overlaps: z.array(z.object({ source_segment_ids: segmentIds, ...range })),
    conflicts: z.array(
      z.object({
        kind: z.enum(['segment_ranges', 'sequence_shared', 'sequence_order']),
        source_segment_ids: segmentIds,
      }),
    ),
  })
  .meta({ id: 'EvidenceResolution' });

function evidenceJson(one: ConfirmedChunk): z.output<typeof evidenceShape> {
  return {
    chunk_id: one.chunkId,
    stream_id: one.streamId,
    media_type: one.mediaType,
    variant_role: one.role,
    quality_profile: one.quality,
    source_segment_id: one.segmentId,
    sha256_hex: one.sha256Hex,
  };
}

const rangeJson = ({ startedAt, endedAt }: { startedAt: string; endedAt: string }) => ({
  source_started_at: startedAt,
  source_ended_at: endedAt,
});

export function resolutionJson(resolution: Resolution): z.output<typeof resolutionShape> {
  return {
    policy_version: resolution.policyVersion,
    segments: resolution.segments.map(segmentJson),
    ...disagreementsJson(resolution),
  };
}

function segmentJson(segment: SegmentEvidence): z.output<typeof resolutionShape>['segments'][number] {
  return {
    source_segment_id: segment.segmentId,
    source_sequence: segment.sequence,
    ...rangeJson(segment),
    chosen: evidenceJson(segment.chosen),
    basis: segment.basis,
    superseded: segment.superseded.map(evidenceJson),
    beside: segment.beside.map((one) => ({ ...evidenceJson(one.chunk), why: one.why })),
    master: segment.master,
    context: segment.context,
  };
}

function disagreementsJson(resolution: Resolution) {
  return {
    gaps: resolution.gaps.map(rangeJson),
    overlaps: resolution.overlaps.map((one) => ({
      source_segment_ids: [...one.segmentIds] as [string, string],
      ...rangeJson(one),
    })),
    conflicts: resolution.conflicts.map((one) => ({
      kind: one.kind,
      source_segment_ids: [...one.segmentIds] as [string, string],
    })),
  };
}

const segmentsAtOnce = 250;

/** `resolutionJson` as text, written with turns for others in between. */
export async function resolutionText(resolution: Resolution): Promise<string> {
  const pieces: string[] = [];
  for (let begun = 0; begun < resolution.segments.length; begun += segmentsAtOnce) {
    const some = resolution.segments.slice(begun, begun + segmentsAtOnce);
    pieces.push(some.map((segment) => JSON.stringify(segmentJson(segment))).join(','));
    await nextTurn();
  }
  const rest = JSON.stringify(disagreementsJson(resolution)).slice(1);
  return `{"policy_version":${resolution.policyVersion},"segments":[${pieces.join(',')}],${rest}`;
}
