import type { BundleKind } from '#kit/evidence/bundle/group-facts.ts';
import type { GroupManifest, IndexRange } from '#kit/evidence/bundle/group-manifest.ts';
import type { SourceRange, VariantRole } from '#kit/evidence/evidence.ts';
import { unionOf } from '#kit/evidence/timeline.ts';
import type { MediaType } from '../../media-type.ts';

interface ReportedRange {
  readonly source_started_at: string;
  readonly source_ended_at: string;
}

export interface VariantReport {
  readonly stream_id: string;
  readonly media_type: MediaType;
  readonly variant_role: VariantRole;
  readonly status: 'open' | 'complete' | 'failed';
  readonly confirmed: number;
  readonly included: number;
  readonly missing_chunks: readonly IndexRange[];
}

export interface GroupReport {
  readonly kind: BundleKind;
  readonly capture_group_id: string;
  readonly incident_id: string;
  /** While it is open, more may come. */
  readonly incident_status: 'open' | 'closed';
  readonly as_of: string;
  readonly policy_version: number;
  /** Whoever has it from the server can tell this bundle from one that was made anew. */
  readonly manifest_sha256: string;
  readonly variants: readonly VariantReport[];
  readonly segments: number;
  /** Segments by the role of what is chosen for them. */
  readonly chosen: Readonly<Partial<Record<VariantRole, number>>>;
  /** Where something else than a master is chosen, as few ranges as it takes; so the next three. */
  readonly fallback: readonly ReportedRange[];
  readonly master_missing: readonly ReportedRange[];
  readonly master_partial: readonly ReportedRange[];
  readonly context_missing: readonly ReportedRange[];
  /** Where nothing at all is confirmed, between the first moment and the last. */
  readonly gaps: readonly ReportedRange[];
  readonly overlaps: number;
  readonly conflicts: number;
  readonly supersessions: number;
}

/** Of a manifest as it follows from its rows, not as it came. */
export function groupReport(manifest: GroupManifest, manifestSha256: string): GroupReport {
  const { resolution, coverage } = manifest;
  const roleOf = new Map(manifest.variants.map(({ stream_id, variant_role }) => [stream_id, variant_role]));
  const roles = new Map(manifest.chunks.map(({ chunk_id, stream_id }) => [chunk_id, roleOf.get(stream_id)]));
  const chosen: Partial<Record<VariantRole, number>> = {};
  for (const segment of resolution.segments) {
    const role = roles.get(segment.chosen);
    if (role !== undefined) chosen[role] = (chosen[role] ?? 0) + 1;
  }
  const included = Map.groupBy(
    manifest.chunks.filter((chunk) => chunk.included),
    ({ stream_id }) => stream_id,
  );
  const where = (test: (segment: GroupManifest['resolution']['segments'][number]) => boolean) =>
    rangesOf(resolution.segments.filter(test));
  const fallback = new Set(coverage.fallback);
  return {
    kind: manifest.kind,
    capture_group_id: manifest.capture_group.id,
    incident_id: manifest.incident.id,
    incident_status: manifest.incident.status,
    as_of: manifest.as_of,
    policy_version: resolution.policy_version,
    manifest_sha256: manifestSha256,
    variants: manifest.variants.map((variant) => ({
      stream_id: variant.stream_id,
      media_type: variant.media_type,
      variant_role: variant.variant_role,
      status: variant.status,
      confirmed: variant.chunk_count,
      included: included.get(variant.stream_id)?.length ?? 0,
      missing_chunks: variant.missing_chunks,
    })),
    segments: coverage.segment_count,
    chosen,
    fallback: where(({ source_segment_id }) => fallback.has(source_segment_id)),
    master_missing: where(({ master }) => master === 'missing'),
    master_partial: where(({ master }) => master === 'partial'),
    context_missing: where(({ context }) => context === 'missing'),
    gaps: resolution.gaps,
    overlaps: resolution.overlaps.length,
    conflicts: resolution.conflicts.length,
    supersessions: manifest.supersessions.length,
  };
}

function rangesOf(segments: readonly ReportedRange[]): ReportedRange[] {
  const ranges = segments.map(
    (one): SourceRange => ({ startedAt: one.source_started_at, endedAt: one.source_ended_at }),
  );
  return unionOf(ranges).map(({ startedAt, endedAt }) => ({ source_started_at: startedAt, source_ended_at: endedAt }));
}
