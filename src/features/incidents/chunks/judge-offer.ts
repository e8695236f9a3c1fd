import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { isMediaType } from '../media-type.ts';
import { authoriseUpload } from './authorise-upload.ts';
import {
  type ChunkClaim,
  type ClaimText,
  chunkIndexOf,
  maxChunkIndex,
  parseClaim,
  withSource,
} from './chunk-identity.ts';
import { parseSource, type SourceText } from './chunk-source.ts';
import type { ChunkConfig } from './chunks.config.ts';
import type { ChunkPlace, EarlierUpload } from './chunks.store.ts';
import { authoriseSource } from './source-place.ts';

export interface OfferDeps {
  metadata: Metadata;
  config: ChunkConfig & { committedQuotaBytes: number };
}

/** What a client says of a chunk, whichever way in it takes: as text, before any of it is checked. */
export interface ChunkOffer {
  incidentId: string;
  /** Without a media type, that of the stream is meant. */
  claim: ClaimText;
  source: SourceText;
  idempotencyKey: string | undefined;
  /** As far as it is known. */
  byteSize: number;
  /** Of other chunks that the caller has announced. */
  pendingBytes?: number;
}

export interface JudgedOffer {
  claim: ChunkClaim;
  idempotencyKey: string | undefined;
  /** As it stands now: an accepted chunk, or a used key. */
  earlier: EarlierUpload;
}

/**
 * Everything that can refuse a chunk whose bytes are not looked at yet. All of it is judged again when the chunk is recorded. Throws what
 * authoriseUpload, parseClaim, parseSource and authoriseSource throw, and stream_media_type_mismatch.
 */
export async function judgeOffer(deps: OfferDeps, caller: Caller, offer: ChunkOffer): Promise<JudgedOffer> {
  const { config } = deps;
  const { incidentId, idempotencyKey } = offer;
  const streamId = offer.claim.streamId || null;
  const authorised = await authoriseUpload(deps, caller, {
    incidentId,
    streamId,
    place: placeOf(incidentId, streamId, offer.claim),
    idempotencyKey,
    declaredBytes: offer.byteSize,
    pendingBytes: offer.pendingBytes ?? 0,
    maxUploadBytes: config.maxUploadBytes,
    defaultQuotaBytes: config.committedQuotaBytes,
  });
  const { mediaType, earlier } = authorised;
  const claim = parseClaim(incidentId, { ...offer.claim, mediaType: offer.claim.mediaType ?? mediaType });
  const source = parseSource(offer.source, { nowMs: Date.now(), skewMs: config.sourceClockSkewMs });
  await authoriseSource(deps.metadata.read, authorised, streamId, source);
  if (mediaType !== undefined && mediaType !== claim.mediaType) throw new Problem('stream_media_type_mismatch');
  return { claim: withSource(claim, source), idempotencyKey, earlier };
}

/** Where the chunk belongs, if that can be told of the text. */
function placeOf(incidentId: string, streamId: string | null, claim: ClaimText): ChunkPlace | undefined {
  const chunkIndex = chunkIndexOf(claim.chunkIndex);
  if (!(chunkIndex <= maxChunkIndex)) return undefined;
  if (streamId !== null) return { incidentId, streamId, chunkIndex };
  const { mediaType } = claim;
  return mediaType !== undefined && isMediaType(mediaType)
    ? { incidentId, streamId, mediaType, chunkIndex }
    : undefined;
}
