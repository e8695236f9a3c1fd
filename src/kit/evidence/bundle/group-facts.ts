import type { ConfirmedChunk, QualityProfile, UploadPriority, VariantRole } from '../evidence.ts';

export const bundleKinds = ['completed', 'partial', 'canonical'] as const;
export type BundleKind = (typeof bundleKinds)[number];

/**
 * In the words of the manifest; what is undefined is left out of it. The names of the source and of its clock are not in it: it goes to
 * people who only have the link.
 */
export interface GroupFact {
  readonly id: string;
  readonly source_timeline_hash?: string | undefined;
  readonly label?: string | undefined;
  readonly created_at: string;
}

/** A stream of the group. */
export interface VariantFact {
  readonly stream_id: string;
  readonly media_type: ConfirmedChunk['mediaType'];
  readonly label?: string | undefined;
  readonly variant_role: VariantRole;
  readonly quality_profile: QualityProfile;
  readonly upload_priority: UploadPriority;
  readonly status: 'open' | 'complete' | 'failed';
  readonly expected_chunk_count?: number | undefined;
  readonly created_at: string;
  readonly completed_at?: string | undefined;
  readonly failed_at?: string | undefined;
  readonly failure_reason?: string | undefined;
}

/** A confirmed chunk. Its media type, role and quality are its stream's. */
export interface ChunkFact {
  readonly chunk_id: string;
  readonly stream_id: string;
  readonly chunk_index: number;
  readonly byte_size: number;
  readonly sha256_hex: string;
  readonly started_at: string;
  readonly ended_at: string;
  readonly original_filename?: string | undefined;
  readonly source_segment_id: string;
  readonly source_sequence: number;
  readonly source_started_at: string;
  readonly source_ended_at: string;
  readonly context_digest?: string | undefined;
  readonly created_at: string;
}

export interface SegmentOfStreamFact {
  readonly stream_id: string;
  readonly source_segment_id: string;
}

/** Who decided is told as `account` or `policy`: a manifest goes to people who may not know which account. */
export interface SupersessionFact {
  readonly id: string;
  readonly superseding: SegmentOfStreamFact;
  readonly superseded: SegmentOfStreamFact;
  readonly coverage_basis: 'exact_segment' | 'superset';
  readonly validation_state: 'validated';
  readonly policy_version: number;
  readonly reason: 'higher_quality_confirmed' | 'audio_replaced_by_master' | 'segment_superset_confirmed' | 'withdrawn';
  readonly actor: 'account' | 'policy';
  readonly withdraws?: string | undefined;
  readonly created_at: string;
}

/** All that a manifest is made of: the rest of it follows. */
export interface GroupFacts {
  readonly kind: BundleKind;
  readonly incident: { readonly id: string; readonly status: 'open' | 'closed' };
  readonly group: GroupFact;
  readonly variants: readonly VariantFact[];
  readonly chunks: readonly ChunkFact[];
  readonly supersessions: readonly SupersessionFact[];
}

/** As resolution takes them. Throws TypeError for a chunk of a stream that is not among the variants. */
export function confirmedChunks({ variants, chunks }: Pick<GroupFacts, 'variants' | 'chunks'>): ConfirmedChunk[] {
  const byId = new Map(variants.map((variant) => [variant.stream_id, variant]));
  return chunks.map((chunk) => {
    const variant = byId.get(chunk.stream_id);
    if (variant === undefined) throw new TypeError('a chunk of no variant');
    return {
      chunkId: chunk.chunk_id,
      streamId: chunk.stream_id,
      mediaType: variant.media_type,
      role: variant.variant_role,
      quality: variant.quality_profile,
      segmentId: chunk.source_segment_id,
      sequence: chunk.source_sequence,
      startedAt: chunk.source_started_at,
      endedAt: chunk.source_ended_at,
      sha256Hex: chunk.sha256_hex,
      contextDigest: chunk.context_digest ?? null,
    };
  });
}
