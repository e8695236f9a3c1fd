import { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { ChunkClaim } from './chunk-identity.ts';
import type { ChunkSource } from './chunk-source.ts';
import { type StoredSource, sourceOf } from './chunk-sources.store.ts';
import { type ChunkRow, chunkByIdentity } from './chunks.store.ts';

/**
 * Was this very chunk accepted? Returns its row; throws chunk_not_found, or duplicate_chunk_conflict naming the fields that differ.
 * Only names: what the stored values are is not told to who could not repeat them. Read-only, also after close.
 */
export async function reconcileChunk(
  db: Db,
  claim: ChunkClaim,
  byteSize: number | undefined,
): Promise<{ chunk: ChunkRow; source: StoredSource | undefined }> {
  const chunk = await chunkByIdentity(db, claim);
  if (chunk === undefined) throw new Problem('chunk_not_found');
  const source = chunk.stream_id === null ? undefined : await sourceOf(db, chunk.id);
  const differs = {
    media_type: chunk.media_type !== claim.mediaType,
    started_at: chunk.started_at !== claim.startedAt,
    ended_at: chunk.ended_at !== claim.endedAt,
    original_filename: chunk.original_filename !== claim.originalFilename,
    byte_size: byteSize !== undefined && chunk.byte_size !== byteSize,
    sha256_hex: chunk.sha256_hex !== claim.sha256Hex,
    ...(claim.source === undefined ? {} : sourceDiffers(claim.source, source)),
  };
  const mismatched = Object.entries(differs).flatMap(([field, different]) => (different ? [field] : []));
  if (mismatched.length > 0) {
    throw new Problem('duplicate_chunk_conflict', {
      body: { reconciliation: { status: 'conflict', mismatched_fields: mismatched } },
    });
  }
  return { chunk, source };
}

/** A client that does not know of sources asks as before, and is answered as before. */
function sourceDiffers(claimed: ChunkSource, stored: StoredSource | undefined): Record<string, boolean> {
  return {
    source_segment_id: stored?.source_segment_id !== claimed.segmentId,
    source_sequence: stored?.source_sequence !== claimed.sequence,
    source_started_at: stored?.source_started_at !== claimed.startedAt,
    source_ended_at: stored?.source_ended_at !== claimed.endedAt,
    context_digest: (stored?.context_digest ?? null) !== claimed.contextDigest,
  };
}
