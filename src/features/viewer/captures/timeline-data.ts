import { z } from 'zod';
import {
  type CaptureGroupRow,
  captureGroupShape,
  mediaTypeShape,
  resolvedChunksAtMost,
} from '#features/incidents/index.ts';
import { type ConfirmedChunk, qualityProfiles, type SourceRange, variantRoles } from '#kit/evidence/evidence.ts';
import { type EvidenceLayout, type EvidenceRow, type GapRow, layOutEvidence } from '#kit/evidence/lay-out-evidence.ts';
import { resolveEvidence } from '#kit/evidence/resolve-evidence.ts';
import { compareTexts } from '#kit/evidence/timeline.ts';

/** So many rows are readable on a phone; the pages of segments have the others. */
const rowsShown = 40;
const conflictsShown = 10;
/** More than a relay keeps of a stream for those who read along. */
const recentChunks = 64;
/** Width of the strip. What is narrower than one unit of it is drawn as one. */
const stripUnits = 1000;

const count = z.number().int();
const range = { source_started_at: z.iso.datetime(), source_ended_at: z.iso.datetime() };
const chosen = {
  media_type: mediaTypeShape,
  variant_role: z.enum(variantRoles),
  quality_profile: z.enum(qualityProfiles),
};
const context = z.object({ present: count, shared: count, missing: count });
const bars = z.array(z.tuple([z.number(), z.number()]));

const rowShape = z.object({
  state: z.enum(['best', 'fallback', 'context_only', 'missing']),
  ...range,
  ...z.object(chosen).partial().shape,
  master: z.enum(['present', 'partial', 'missing']).optional(),
  disputed: z.boolean().optional(),
  segment_count: count.optional(),
  stands_for: count.optional().describe('Further segments, for which one of its longer chunks was chosen'),
  superseded_count: count.optional(),
  beside_count: count.optional(),
  context: context.optional().describe('How many of its segments have their sealed context'),
});

/** A capture group as its viewers see it: nothing that tells of the device, and of an account only that it decided. */
export const viewerGroupShape = captureGroupShape
  .pick({ id: true, label: true, created_at: true })
  .extend({
    chunk_count: count.describe('Confirmed chunks: with each the timeline may be another'),
    too_large: z.boolean().describe('It has more chunks than are looked through at once, and no timeline'),
  })
  .meta({ id: 'ViewerCaptureGroup' });
export type ViewerGroup = z.output<typeof viewerGroupShape>;

const timelineShape = z.object({
  capture_group_id: z.string(),
  policy_version: count,
  ...z.object(range).partial().shape,
  chunk_count: count,
  segment_count: count,
  superseded_count: count,
  gap_count: count,
  overlap_count: count,
  conflict_count: count,
  lengths_ms: z.object({ best: count, fallback: count, context_only: count, missing: count }),
  context,
  conflicts: z
    .array(
      z.object({
        kind: z.enum(['segment_ranges', 'sequence_shared', 'sequence_order']),
        source_segment_ids: z.tuple([z.string(), z.string()]),
      }),
    )
    .describe('The first few'),
  rows: z.array(rowShape).describe('Neighbours of one kind as one range; the last of them, in order'),
  earlier_row_count: count,
  also_kept: z
    .array(z.object({ ...chosen, segment_count: count }))
    .describe('Chosen for its own segments, which better evidence covers as a whole'),
  recent_sha256: z.array(z.string()).describe('Of the newest confirmed chunks, for who also reads along at a relay'),
  strip: z
    .object({ best: bars, fallback: bars, context_only: bars, missing: bars })
    .describe('The whole timeline for drawing: from 0 to 1000'),
});
/** With what may change while no chunk comes. */
export const viewerTimelineShape = timelineShape
  .extend({ supersessions: z.object({ recorded: count, withdrawn: count }) })
  .meta({ id: 'ViewerTimeline' });
export type ViewerTimeline = z.output<typeof viewerTimelineShape>;
export type Timeline = z.output<typeof timelineShape>;
export type TimelineRow = z.output<typeof rowShape>;

export function viewerGroupJson(group: CaptureGroupRow, chunkCount: number): ViewerGroup {
  return {
    id: group.id,
    ...(group.label === null ? {} : { label: group.label }),
    created_at: group.created_at,
    chunk_count: chunkCount,
    too_large: chunkCount > resolvedChunksAtMost,
  };
}

export function timelineOf(groupId: string, chunks: readonly ConfirmedChunk[]): Timeline {
  const resolution = resolveEvidence(chunks);
  const layout = layOutEvidence(resolution);
  const { span, rows } = layout;
  return {
    capture_group_id: groupId,
    policy_version: resolution.policyVersion,
    ...(span === undefined ? {} : rangeJson(span)),
    chunk_count: layout.chunks,
    segment_count: layout.segments,
    superseded_count: layout.superseded,
    gap_count: resolution.gaps.length,
    overlap_count: resolution.overlaps.length,
    conflict_count: resolution.conflicts.length,
    lengths_ms: layout.lengths,
    context: layout.context,
    conflicts: resolution.conflicts
      .slice(0, conflictsShown)
      .map(({ kind, segmentIds }) => ({ kind, source_segment_ids: [...segmentIds] })),
    rows: rows.slice(-rowsShown).map(rowJson),
    earlier_row_count: Math.max(0, rows.length - rowsShown),
    also_kept: layout.alsoKept.map((kept) => ({ ...chosenJson(kept.chosen), segment_count: kept.segments })),
    recent_sha256: recentOf(chunks),
    strip: stripOf(layout),
  };
}

/** Ids begin with their time. */
function recentOf(chunks: readonly ConfirmedChunk[]): string[] {
  return chunks
    .toSorted((a, b) => compareTexts(b.chunkId, a.chunkId))
    .slice(0, recentChunks)
    .map(({ sha256Hex }) => sha256Hex);
}

const rangeJson = ({ startedAt, endedAt }: SourceRange) => ({
  source_started_at: startedAt,
  source_ended_at: endedAt,
});

const chosenJson = ({ mediaType, role, quality }: EvidenceRow['chosen']) => ({
  media_type: mediaType,
  variant_role: role,
  quality_profile: quality,
});

function rowJson(row: EvidenceRow | GapRow): TimelineRow {
  if (row.state === 'missing') return { state: row.state, ...rangeJson(row) };
  return {
    state: row.state,
    ...rangeJson(row),
    ...chosenJson(row.chosen),
    master: row.master,
    disputed: row.disputed,
    segment_count: row.segments,
    stands_for: row.standsFor,
    superseded_count: row.superseded,
    beside_count: row.beside,
    context: row.context,
  };
}

function stripOf({ span, parts }: EvidenceLayout): Timeline['strip'] {
  const from = Date.parse(span?.startedAt ?? '');
  const scale = stripUnits / Math.max(1, Date.parse(span?.endedAt ?? '') - from);
  const drawn = (ranges: readonly SourceRange[]) => {
    const pairs: [number, number][] = [];
    for (const { startedAt, endedAt } of ranges) {
      const left = Math.floor((Date.parse(startedAt) - from) * scale);
      const right = Math.max(left + 1, Math.ceil((Date.parse(endedAt) - from) * scale));
      const last = pairs.at(-1);
      if (last !== undefined && left <= last[1]) last[1] = Math.max(last[1], right);
      else pairs.push([left, right]);
    }
    return pairs;
  };
  return {
    best: drawn(parts.best),
    fallback: drawn(parts.fallback),
    context_only: drawn(parts.context_only),
    missing: drawn(parts.missing),
  };
}
