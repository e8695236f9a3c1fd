import type { ErrorCode } from '#kit/error-codes.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { blobPathOf, type ChunkClaim, fingerprintOf, idempotencyKeyHash } from './chunk-identity.ts';
import type { ChunkSource } from './chunk-source.ts';
import { type StoredSource, sourceOf } from './chunk-sources.store.ts';
import { type ChunkRow, chunkById, chunkByIdentity, type EarlierUpload, earlierUpload } from './chunks.store.ts';
import { type RecordChunk, recordChunkTransaction } from './chunks.transactions.ts';
import type { UploadsInFlight } from './uploads-in-flight.ts';

export interface AppendDeps {
  metadata: Metadata;
  blobs: BlobStore;
  inFlight: UploadsInFlight;
}

export interface AppendInput {
  claim: ChunkClaim;
  body: StagedBody;
  /** Whose idempotency key it is. */
  accountId: string;
  idempotencyKey: string | undefined;
  /** As it stood when the upload was authorised. */
  earlier: EarlierUpload;
  defaultQuotaBytes: number;
}

export interface Appended {
  chunk: ChunkRow;
  /** An earlier, equivalent request had created it. */
  replayed: boolean;
  /** Of a chunk in a stream of a capture group. */
  source?: StoredSource | undefined;
}

/**
 * From a body that has fully arrived to an accepted chunk. (Authorising and staging, steps 1 and 2, are the route's.)
 * Resolves only when the bytes and the row are durable. The body stays the caller's to discard.
 */
export async function appendChunk(deps: AppendDeps, input: AppendInput): Promise<Appended> {
  const { claim, body } = input;

  // 3. Verify. A crash up to here leaves staging only, which the sweep removes.
  if (body.sha256Hex !== claim.sha256Hex) throw new Problem('hash_mismatch');

  // 4. Reserve, against other requests of this process and, by leases, of other nodes; what was decided before is answered at once.
  const operation = operationOf(input, body.byteSize);
  const reservation = await deps.inFlight.reserve(blobPathOf(claim), operation?.keyHash);
  try {
    return (await settledBy(deps, operation, input.earlier)) ?? (await commit(deps, input, operation));
  } finally {
    reservation.release();
  }
}

type Operation = NonNullable<RecordChunk['operation']>;

function operationOf(
  input: Pick<AppendInput, 'accountId' | 'claim' | 'idempotencyKey'>,
  byteSize: number,
): Operation | undefined {
  if (input.idempotencyKey === undefined) return undefined;
  return {
    id: newId('upo'),
    keyHash: idempotencyKeyHash(input.accountId, input.idempotencyKey),
    fingerprint: fingerprintOf(input.claim, byteSize),
  };
}

/**
 * What is decided already about a chunk whose bytes are still to come: the one of an equivalent request under the same key.
 * Throws idempotency_conflict, duplicate_chunk.
 */
export async function settledBefore(
  deps: Pick<AppendDeps, 'metadata'>,
  input: Pick<AppendInput, 'accountId' | 'claim' | 'earlier' | 'idempotencyKey'>,
  byteSize: number,
): Promise<ChunkRow | undefined> {
  return (await settledBy(deps, operationOf(input, byteSize), input.earlier))?.chunk;
}

/** The answer of an equivalent request under the same key. Throws idempotency_conflict, duplicate_chunk. */
async function settledBy(
  { metadata }: Pick<AppendDeps, 'metadata'>,
  operation: Operation | undefined,
  { usedKey, standingId }: EarlierUpload,
): Promise<Appended | undefined> {
  if (usedKey !== undefined) {
    const earlier =
      usedKey.fingerprint === operation?.fingerprint ? await chunkById(metadata.read, usedKey.chunkId) : undefined;
    if (earlier === undefined) throw new Problem('idempotency_conflict');
    return { chunk: earlier, replayed: true, source: await sourceOf(metadata.read, earlier.id) };
  }
  if (standingId !== undefined) throw new Problem('duplicate_chunk');
  return undefined;
}

/** Other bytes stand under this name: those of a chunk that was accepted since the upload was authorised, or of none. */
async function afterConflict(
  deps: AppendDeps,
  claim: ChunkClaim,
  operation: Operation | undefined,
  cause: unknown,
): Promise<Appended> {
  const earlier = await earlierUpload(deps.metadata.read, claim, operation?.keyHash);
  const settled = await settledBy(deps, operation, earlier);
  if (settled !== undefined) return settled;
  throw new Problem('duplicate_chunk_conflict', { cause });
}

async function commit(deps: AppendDeps, input: AppendInput, operation: Operation | undefined): Promise<Appended> {
  const { claim, body } = input;
  const path = blobPathOf(claim);

  failpoint('before-blob-commit');
  // 5. Commit the bytes. A crash after this leaves a blob without a row: never shown, never overwritten; a retry with the same
  //    bytes adopts it here, other bytes are a conflict.
  let blob: 'created' | 'adopted';
  try {
    blob = await deps.blobs.commit(path, body);
  } catch (error) {
    if (!isProblem(error, 'blob_conflict')) throw error;
    return await afterConflict(deps, claim, operation, error);
  }
  failpoint('after-blob-commit');

  // 6. Record. A crash after this loses nothing; the client retries and is answered from the row.
  const now = Date.now();
  const chunk: ChunkRow = {
    id: newId('chk', now),
    incident_id: claim.incidentId,
    stream_id: claim.streamId,
    chunk_index: claim.chunkIndex,
    media_type: claim.mediaType,
    started_at: claim.startedAt,
    ended_at: claim.endedAt,
    original_filename: claim.originalFilename,
    stored_path: path,
    byte_size: body.byteSize,
    sha256_hex: claim.sha256Hex,
    created_at: timestamp(now),
  };
  try {
    const recorded = await deps.metadata.write(recordChunkTransaction, {
      chunk,
      ...(claim.source === undefined ? {} : { source: claim.source }),
      defaultQuotaBytes: input.defaultQuotaBytes,
      ...(operation === undefined ? {} : { operation }),
    });
    failpoint('before-reply');
    if (!recorded.created)
      return { chunk: recorded.chunk, replayed: true, source: await sourceOf(deps.metadata.read, recorded.chunk.id) };
    return { chunk, replayed: false, source: placed(claim.source, recorded.captureGroupId) };
  } catch (error) {
    return await afterRefusal(deps, chunk, blob, error);
  }
}

function placed(source: ChunkSource | undefined, groupId: string | undefined): StoredSource | undefined {
  if (source === undefined || groupId === undefined) return undefined;
  return {
    capture_group_id: groupId,
    source_segment_id: source.segmentId,
    source_sequence: source.sequence,
    source_started_at: source.startedAt,
    source_ended_at: source.endedAt,
    context_digest: source.contextDigest,
  };
}

/** Refusals for ever: whoever comes later, and from whichever node, gets no row under this identity any more. */
export const closedCodes: readonly ErrorCode[] = [
  'incident_not_found',
  'incident_closed',
  'incident_deleting',
  'stream_not_found',
  'stream_not_open',
  'stream_media_type_mismatch',
];

/**
 * Clear refusal: the blob goes if this request made it and nobody can have adopted it meanwhile. Unknown outcome: the database is
 * asked, and nothing is removed.
 */
async function afterRefusal(
  deps: AppendDeps,
  chunk: ChunkRow,
  blob: 'created' | 'adopted',
  error: unknown,
): Promise<Appended> {
  const refused = isProblem(error) && error.kind !== 'unavailable' && error.kind !== 'internal';
  if (!refused) {
    const written = await chunkById(deps.metadata.read, chunk.id).catch(() => undefined);
    if (written !== undefined)
      return { chunk: written, replayed: false, source: await sourceOf(deps.metadata.read, written.id) };
    throw error;
  }
  const row = await chunkByIdentity(deps.metadata.read, {
    incidentId: chunk.incident_id,
    streamId: chunk.stream_id,
    mediaType: chunk.media_type,
    chunkIndex: chunk.chunk_index,
  });
  if (blob === 'created' && mayRemove(deps, chunk, row, error)) await deps.blobs.remove(chunk.stored_path);
  throw error;
}

function mayRemove({ metadata }: AppendDeps, chunk: ChunkRow, row: ChunkRow | undefined, refusal: Problem): boolean {
  if (closedCodes.includes(refusal.code) && row === undefined) return true;
  if (refusal.code === 'incident_deleting') return true;
  // Bytes were missing under an accepted chunk: the right ones mend it and stay, others must not stand in their place.
  if (row !== undefined) return row.sha256_hex !== chunk.sha256_hex;
  // While no other process writes rows, the reservation keeps every other request from adopting the blob. A lease does not: it may
  // have ended meanwhile, and another node may be about to record what it adopted. There it stays, seen by nobody, until a retry or
  // the deletion of its incident.
  return !metadata.shared;
}
