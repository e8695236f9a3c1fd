import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { assertNotDeleting } from '../incident-access.ts';
import type { MediaType } from '../media-type.ts';
import { idempotencyKeyHash } from './chunk-identity.ts';
import { type ChunkPlace, type EarlierUpload, earlierOf, earlierUpload } from './chunks.store.ts';

export interface UploadWish {
  incidentId: string;
  streamId: string | null;
  idempotencyKey: string | undefined;
  /** Where the chunk belongs, as soon as that is known. */
  place: ChunkPlace | undefined;
  /** Of the chunk, as far as the client says before the body. Bytes. */
  declaredBytes: number;
  /** Announced for other chunks. */
  pendingBytes?: number;
  maxUploadBytes: number;
  defaultQuotaBytes: number;
}

export interface AuthorisedUpload {
  /** Of the stream, if one was named. */
  mediaType: MediaType | undefined;
  /** Of the stream, if it has one. */
  captureGroupId: string | null;
  earlier: EarlierUpload;
}

interface Sought {
  incidentId: string;
  /** Empty, and no index, for what is not streamed. */
  streamId: string;
  chunkIndex: number;
  /** Empty without a key. */
  keyHash: string;
}

/** One look at everything that may refuse an upload: a statement costs a database more than another row that it finds. */
const target = compiled((db, by: Sought) =>
  db
    .selectFrom('incidents')
    .leftJoin('media_streams', (join) =>
      join.onRef('media_streams.incident_id', '=', 'incidents.id').on('media_streams.id', '=', by.streamId),
    )
    .leftJoin('accounts', 'accounts.id', 'incidents.owner_account_id')
    .leftJoin('upload_operations', (join) => join.on('upload_operations.idempotency_key_hash', '=', by.keyHash))
    .leftJoin('chunks', (join) =>
      join
        .onRef('chunks.incident_id', '=', 'incidents.id')
        .on('chunks.stream_id', '=', by.streamId)
        .on('chunks.chunk_index', '=', by.chunkIndex),
    )
    .select([
      'incidents.owner_account_id',
      'incidents.status',
      'incidents.deletion_state',
      'media_streams.status as stream_status',
      'media_streams.media_type',
      'media_streams.capture_group_id',
      'accounts.bytes_used',
      'accounts.bytes_limit',
      'upload_operations.fingerprint',
      'upload_operations.chunk_id',
      'chunks.id as standing_id',
    ])
    .where('incidents.id', '=', by.incidentId),
);

type Target = NonNullable<Awaited<ReturnType<typeof target.first>>>;

/**
 * Step 1 of an upload, before its body is read: refuses whatever can already be known to fail, and looks up what stands already.
 * All of it is judged again when the chunk is recorded. Throws incident_not_found, incident_closed, incident_deleting,
 * stream_not_found, stream_not_open, upload_too_large, quota_exceeded.
 */
export async function authoriseUpload(
  deps: { metadata: Metadata },
  caller: Caller,
  wish: UploadWish,
): Promise<AuthorisedUpload> {
  const { read } = deps.metadata;
  if (wish.declaredBytes > wish.maxUploadBytes) throw new Problem('upload_too_large');
  const { incidentId, streamId, place, idempotencyKey } = wish;
  const keyHash = idempotencyKey === undefined ? '' : idempotencyKeyHash(caller.accountId, idempotencyKey);
  const [found, unstreamed] = await Promise.all([
    target.first(read, {
      incidentId,
      streamId: streamId ?? '',
      chunkIndex: place === undefined || place.streamId === null ? -1 : place.chunkIndex,
      keyHash,
    }),
    place?.streamId === null ? earlierUpload(read, place, keyHash) : undefined,
  ]);
  // To everybody but its owner and administrators it does not exist.
  if (found === undefined || (caller.role !== 'admin' && found.owner_account_id !== caller.accountId))
    throw new Problem('incident_not_found');
  assertNotDeleting(found);
  if (streamId !== null && found.stream_status === null) throw new Problem('stream_not_found');
  const earlier = unstreamed ?? earlierOf(found.fingerprint, found.chunk_id, found.standing_id);
  const refusal = refusalOf(found, wish);
  // The retry of an accepted upload is answered as before, also when the incident has been closed since.
  if (refusal !== undefined && earlier.usedKey === undefined) throw refusal;
  return { mediaType: found.media_type ?? undefined, captureGroupId: found.capture_group_id, earlier };
}

function refusalOf(found: Target, wish: UploadWish): Problem | undefined {
  if (found.status !== 'open') return new Problem('incident_closed');
  if (found.stream_status !== null && found.stream_status !== 'open') return new Problem('stream_not_open');
  if (found.bytes_used === null) return undefined;
  const limit = found.bytes_limit ?? wish.defaultQuotaBytes;
  return limit !== 0 && found.bytes_used + (wish.pendingBytes ?? 0) + wish.declaredBytes > limit
    ? new Problem('quota_exceeded')
    : undefined;
}
