import { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { ChunkClaim } from './chunk-identity.ts';
import { type ChunkRow, chunkByIdentity } from './chunks.store.ts';

/**
 * Was this very chunk accepted? Returns its row; throws chunk_not_found, or duplicate_chunk_conflict naming the fields that differ.
 * Only names: what the stored values are is not told to who could not repeat them. Read-only, also after close.
 */
export async function reconcileChunk(db: Db, claim: ChunkClaim, byteSize: number | undefined): Promise<ChunkRow> {
  const chunk = await chunkByIdentity(db, claim);
  if (chunk === undefined) throw new Problem('chunk_not_found');
  const differs = {
    media_type: chunk.media_type !== claim.mediaType,
    started_at: chunk.started_at !== claim.startedAt,
    ended_at: chunk.ended_at !== claim.endedAt,
    original_filename: chunk.original_filename !== claim.originalFilename,
    byte_size: byteSize !== undefined && chunk.byte_size !== byteSize,
    sha256_hex: chunk.sha256_hex !== claim.sha256Hex,
  };
  const mismatched = Object.entries(differs).flatMap(([field, different]) => (different ? [field] : []));
  if (mismatched.length > 0) {
    throw new Problem('duplicate_chunk_conflict', {
      body: { reconciliation: { status: 'conflict', mismatched_fields: mismatched } },
    });
  }
  return chunk;
}
