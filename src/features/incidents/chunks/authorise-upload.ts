import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { assertNotDeleting } from '../incident-access.ts';
import type { MediaType } from '../media-type.ts';
import { idempotencyKeyHash } from './chunk-identity.ts';
import { type ChunkPlace, type ChunkRow, chunkByIdentity, operationByKey, type UsedKey } from './chunks.store.ts';

export interface UploadWish {
  incidentId: string;
  streamId: string | null;
  idempotencyKey: string | undefined;
  /** Where the chunk belongs, as soon as that is known. */
  place: ChunkPlace | undefined;
  /** Of the chunk, as far as the client says before the body. Bytes. */
  declaredBytes: number;
  maxUploadBytes: number;
  defaultQuotaBytes: number;
}

/** What stands already under the key and the identity of an upload. */
export interface EarlierUpload {
  usedKey?: UsedKey;
  chunk?: ChunkRow;
}

export interface AuthorisedUpload {
  /** Of the stream, if one was named. */
  mediaType: MediaType | undefined;
  earlier: EarlierUpload;
}

/** One look at everything that may refuse an upload. */
const target = compiled((db, by: { incidentId: string; streamId: string }) =>
  db
    .selectFrom('incidents')
    .leftJoin('media_streams', (join) =>
      join.onRef('media_streams.incident_id', '=', 'incidents.id').on('media_streams.id', '=', by.streamId),
    )
    .leftJoin('accounts', 'accounts.id', 'incidents.owner_account_id')
    .select([
      'incidents.owner_account_id',
      'incidents.status',
      'incidents.deletion_state',
      'media_streams.status as stream_status',
      'media_streams.media_type',
      'accounts.bytes_used',
      'accounts.bytes_limit',
    ])
    .where('incidents.id', '=', by.incidentId),
);

type Target = NonNullable<Awaited<ReturnType<typeof target.first>>>;

/**
 * Step 1 of an upload, before its body is read: refuses whatever can already be known to fail, and looks up what stands already.
 * All of it is judged again when the chunk is recorded. The queries are asked for together: one round trip to a database at a
 * distance. Throws incident_not_found, incident_closed, incident_deleting, stream_not_found, stream_not_open, upload_too_large,
 * quota_exceeded.
 */
export async function authoriseUpload(
  deps: { metadata: Metadata },
  caller: Caller,
  wish: UploadWish,
): Promise<AuthorisedUpload> {
  const { read } = deps.metadata;
  if (wish.declaredBytes > wish.maxUploadBytes) throw new Problem('upload_too_large');
  const { incidentId, streamId, place, idempotencyKey } = wish;
  const [found, usedKey, chunk] = await Promise.all([
    target.first(read, { incidentId, streamId: streamId ?? '' }),
    idempotencyKey === undefined
      ? undefined
      : operationByKey(read, idempotencyKeyHash(caller.accountId, idempotencyKey)),
    place === undefined ? undefined : chunkByIdentity(read, place),
  ]);
  // To everybody but its owner and administrators it does not exist.
  if (found === undefined || (caller.role !== 'admin' && found.owner_account_id !== caller.accountId))
    throw new Problem('incident_not_found');
  assertNotDeleting(found);
  if (streamId !== null && found.stream_status === null) throw new Problem('stream_not_found');
  const refusal = refusalOf(found, wish);
  // The retry of an accepted upload is answered as before, also when the incident has been closed since.
  if (refusal !== undefined && usedKey === undefined) throw refusal;
  return {
    mediaType: found.media_type ?? undefined,
    earlier: { ...(usedKey === undefined ? {} : { usedKey }), ...(chunk === undefined ? {} : { chunk }) },
  };
}

function refusalOf(found: Target, wish: UploadWish): Problem | undefined {
  if (found.status !== 'open') return new Problem('incident_closed');
  if (found.stream_status !== null && found.stream_status !== 'open') return new Problem('stream_not_open');
  if (found.bytes_used === null) return undefined;
  const limit = found.bytes_limit ?? wish.defaultQuotaBytes;
  return limit !== 0 && found.bytes_used + wish.declaredBytes > limit ? new Problem('quota_exceeded') : undefined;
}
