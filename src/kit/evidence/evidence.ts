/** In order: what may stand for which other is policy.ts's. */
export const variantRoles = [
  'evidence_master',
  'audio_priority',
  'live_preview',
  'location_context',
  'metadata_context',
] as const;
export type VariantRole = (typeof variantRoles)[number];

export const qualityProfiles = [
  'full_quality',
  'audio_priority',
  'adaptive_low_latency',
  'location_context',
  'metadata_context',
] as const;
export type QualityProfile = (typeof qualityProfiles)[number];

export const uploadPriorities = ['near_live', 'preservation', 'background_queue'] as const;
export type UploadPriority = (typeof uploadPriorities)[number];

/** Times are RFC 3339 in UTC as `parseTimestamp` gives them; the end is exclusive. */
export interface SourceRange {
  startedAt: string;
  endedAt: string;
}

/** A chunk that the core has accepted, and where it stands on the timeline of its group. */
export interface ConfirmedChunk extends SourceRange {
  chunkId: string;
  streamId: string;
  mediaType: 'audio' | 'video' | 'location' | 'metadata';
  role: VariantRole;
  quality: QualityProfile;
  segmentId: string;
  sequence: number;
  sha256Hex: string;
  /** SHA-256 of the sealed context that belongs to it. */
  contextDigest: string | null;
}

/** What would have been lost by choosing one chunk over another, or `equal_rank`: nobody says which is better. */
export type BesideReason = 'equal_rank' | 'would_lose_media' | 'would_lose_context';

export interface SegmentEvidence extends SourceRange {
  segmentId: string;
  sequence: number;
  chosen: ConfirmedChunk;
  basis: 'exact_segment' | 'superset';
  /** Chunks of the segment that the chosen one replaces. They stay where they are. */
  superseded: readonly ConfirmedChunk[];
  /** Every other chunk of the segment: evidence as well. */
  beside: readonly { chunk: ConfirmedChunk; why: BesideReason }[];
  master: 'present' | 'partial' | 'missing';
  context: 'present' | 'shared' | 'missing';
}

export interface Conflict {
  /** One id with two ranges; one sequence for two segments; a later sequence that begins earlier. */
  kind: 'segment_ranges' | 'sequence_shared' | 'sequence_order';
  segmentIds: readonly [string, string];
}

export interface Overlap extends SourceRange {
  segmentIds: readonly [string, string];
}

export interface Resolution {
  policyVersion: number;
  segments: readonly SegmentEvidence[];
  gaps: readonly SourceRange[];
  overlaps: readonly Overlap[];
  conflicts: readonly Conflict[];
}
