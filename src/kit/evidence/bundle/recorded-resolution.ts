import type { BesideReason, Conflict, Resolution, SegmentEvidence, SourceRange } from '../evidence.ts';

interface RecordedRange {
  source_started_at: string;
  source_ended_at: string;
}

export interface RecordedSegment extends RecordedRange {
  source_segment_id: string;
  source_sequence: number;
  chosen: string;
  basis: SegmentEvidence['basis'];
  superseded: string[];
  beside: { chunk_id: string; why: BesideReason }[];
  master: SegmentEvidence['master'];
  context: SegmentEvidence['context'];
}

/** A resolution as a manifest has it: chunks by their ids, since each stands in the manifest once already. */
export interface RecordedResolution {
  policy_version: number;
  segments: RecordedSegment[];
  gaps: RecordedRange[];
  overlaps: (RecordedRange & { source_segment_ids: [string, string] })[];
  conflicts: { kind: Conflict['kind']; source_segment_ids: [string, string] }[];
}

/** Segments of which somebody should know that the best there could be is not there. */
export interface Coverage {
  segment_count: number;
  /** Picture or sound, but not of a master, was chosen. */
  fallback: string[];
  master_missing: string[];
  master_partial: string[];
}

const rangeOf = ({ startedAt, endedAt }: SourceRange): RecordedRange => ({
  source_started_at: startedAt,
  source_ended_at: endedAt,
});

export function recordedResolution(resolution: Resolution): RecordedResolution {
  return {
    policy_version: resolution.policyVersion,
    segments: resolution.segments.map((segment) => ({
      source_segment_id: segment.segmentId,
      source_sequence: segment.sequence,
      ...rangeOf(segment),
      chosen: segment.chosen.chunkId,
      basis: segment.basis,
      superseded: segment.superseded.map(({ chunkId }) => chunkId),
      beside: segment.beside.map(({ chunk, why }) => ({ chunk_id: chunk.chunkId, why })),
      master: segment.master,
      context: segment.context,
    })),
    gaps: resolution.gaps.map(rangeOf),
    overlaps: resolution.overlaps.map((one) => ({ source_segment_ids: [...one.segmentIds], ...rangeOf(one) })),
    conflicts: resolution.conflicts.map(({ kind, segmentIds }) => ({ kind, source_segment_ids: [...segmentIds] })),
  };
}

export function coverageOf({ segments }: Resolution): Coverage {
  const where = (test: (segment: SegmentEvidence) => boolean) =>
    segments.filter(test).map(({ segmentId }) => segmentId);
  return {
    segment_count: segments.length,
    fallback: where(({ chosen }) => chosen.role === 'audio_priority' || chosen.role === 'live_preview'),
    master_missing: where(({ master }) => master === 'missing'),
    master_partial: where(({ master }) => master === 'partial'),
  };
}
