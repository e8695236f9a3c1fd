import { createHash } from 'node:crypto';
import { z } from 'zod';
import { freeText } from '#http/check.ts';
import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { isBefore, parseTimestamp } from '#kit/time.ts';
import type { BlobPath } from '#platform/blobs/blob-store.ts';
import { isMediaType, type MediaType, mediaTypeShape } from '../media-type.ts';
import { type ChunkSource, readSource } from './chunk-source.ts';

/** Which chunk: with a stream (incident, stream, index from 1), without one (incident, media type, index from 0). */
export interface ChunkIdentity {
  incidentId: string;
  streamId: string | null;
  mediaType: MediaType;
  chunkIndex: number;
}

/** What a client says of a chunk. Together with the byte size it is the fingerprint that an equivalent retry repeats. */
export interface ChunkClaim extends ChunkIdentity {
  startedAt: string;
  endedAt: string;
  originalFilename: string | null;
  sha256Hex: string;
  /** In a stream of a capture group. */
  source?: ChunkSource;
}

export const maxChunkIndex = 2 ** 31 - 1;

/** The claim as text, before any of it is checked. Absent is undefined. */
export interface ClaimText {
  streamId: string | undefined;
  mediaType: string | undefined;
  chunkIndex: string | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
  sha256Hex: string | undefined;
  originalFilename: string | undefined;
}

/** NaN when the text is no index. */
export function chunkIndexOf(text: string | undefined): number {
  return /^\d{1,10}$/.test(text ?? '') ? Number(text) : Number.NaN;
}

/** Throws the contract's code for the first value that is wrong. An empty stream_id is no stream. */
export function parseClaim(incidentId: string, text: ClaimText): ChunkClaim {
  const streamId = text.streamId === undefined || text.streamId === '' ? null : text.streamId;
  const index = chunkIndexOf(text.chunkIndex);
  if (!(index >= (streamId === null ? 0 : 1) && index <= maxChunkIndex)) throw new Problem('invalid_chunk_index');
  if (text.mediaType === undefined || !isMediaType(text.mediaType)) throw new Problem('invalid_media_type');
  const startedAt = parseTimestamp(text.startedAt ?? '');
  if (startedAt === undefined) throw new Problem('invalid_started_at');
  const endedAt = parseTimestamp(text.endedAt ?? '');
  if (endedAt === undefined) throw new Problem('invalid_ended_at');
  if (isBefore(endedAt, startedAt)) throw new Problem('invalid_time_range');
  if (text.sha256Hex === undefined || !isSha256Hex(text.sha256Hex)) throw new Problem('invalid_sha256_hex');
  return {
    incidentId,
    streamId,
    mediaType: text.mediaType,
    chunkIndex: index,
    startedAt,
    endedAt,
    originalFilename: baseName(text.originalFilename),
    sha256Hex: text.sha256Hex,
  };
}

/** Display only: the last segment, whichever slash the client's system uses, without control characters. */
export function baseName(name: string | undefined): string | null {
  const last = (name ?? '').toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 255);
  return plain === '' || plain === '.' || plain === '..' ? null : plain;
}

/** Names are made here, of ids and numbers of ours; one folder a stream keeps commit, deletion and restore cheap. */
export function blobPathOf(identity: ChunkIdentity): BlobPath {
  const lane = identity.streamId === null ? '' : `streams/${identity.streamId}/`;
  return `incidents/${identity.incidentId}/${lane}${chunkFileName(identity.mediaType, identity.chunkIndex)}`;
}

export function chunkFileName(mediaType: MediaType, chunkIndex: number): string {
  return `${mediaType}_${String(chunkIndex).padStart(6, '0')}.enc`;
}

const blobPathPattern = /^incidents\/([^/]+)\/(?:streams\/([^/]+)\/)?([a-z]+)_(\d{6,10})\.enc$/;

/** Which chunk a blob of ours belongs to; undefined for a name that blobPathOf does not make. */
export function identityOfBlobPath(path: BlobPath): ChunkIdentity | undefined {
  const [, incidentId = '', streamId = null, mediaType = '', index = ''] = blobPathPattern.exec(path) ?? [];
  if (!isMediaType(mediaType)) return undefined;
  const identity = { incidentId, streamId, mediaType, chunkIndex: Number(index) };
  return blobPathOf(identity) === path ? identity : undefined;
}

export function withSource(claim: ChunkClaim, source: ChunkSource | undefined): ChunkClaim {
  return source === undefined ? claim : { ...claim, source };
}

/** SHA-256 over identity, times, file name, byte size, hash and source: what must be equal for a retry to be the same upload. */
export function fingerprintOf(claim: ChunkClaim, byteSize: number): string {
  const parts = [
    claim.incidentId,
    claim.streamId,
    claim.mediaType,
    claim.chunkIndex,
    claim.startedAt,
    claim.endedAt,
    claim.originalFilename,
    byteSize,
    claim.sha256Hex,
    // Nothing for chunks without: keys of before stay what they are.
    ...(claim.source === undefined ? [] : [sourceParts(claim.source)]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function sourceParts(source: ChunkSource): unknown[] {
  return [source.segmentId, source.sequence, source.startedAt, source.endedAt, source.contextDigest];
}

/** An account's keys are its own: the same words from another account are another key. */
export function idempotencyKeyHash(accountId: string, key: string): string {
  return createHash('sha256').update(`${accountId}\n${key}`).digest('hex');
}

/** JSON form of a claim, for reconciling. */
export const claimJson = z
  .strictObject({
    stream_id: freeText(128).optional(),
    chunk_index: z.number({ error: 'invalid_chunk_index' }).int('invalid_chunk_index').min(0, 'invalid_chunk_index'),
    media_type: mediaTypeShape,
    started_at: z.string({ error: 'invalid_started_at' }),
    ended_at: z.string({ error: 'invalid_ended_at' }),
    original_filename: freeText(4096).optional(),
    byte_size: z.number().int().min(0).optional(),
    sha256_hex: z.string({ error: 'invalid_sha256_hex' }),
    source_segment_id: z.string().describe('Compared when it is given, with all that stand below it').optional(),
    source_sequence: z.number().int().min(0).optional(),
    source_started_at: z.string().optional(),
    source_ended_at: z.string().optional(),
    context_digest: z.string().optional(),
  })
  .meta({ id: 'ChunkClaim' });

export function claimFromJson(incidentId: string, json: z.output<typeof claimJson>): ChunkClaim {
  const claim = parseClaim(incidentId, {
    streamId: json.stream_id,
    mediaType: json.media_type,
    chunkIndex: String(json.chunk_index),
    startedAt: json.started_at,
    endedAt: json.ended_at,
    sha256Hex: json.sha256_hex,
    originalFilename: json.original_filename,
  });
  const source = readSource({
    segmentId: json.source_segment_id,
    sequence: json.source_sequence?.toString(),
    startedAt: json.source_started_at,
    endedAt: json.source_ended_at,
    contextDigest: json.context_digest,
  });
  return withSource(claim, source);
}
