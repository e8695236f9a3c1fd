import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import { assertNotDeleting } from '../incident-access.ts';
import type { MediaType } from '../media-type.ts';
import { idempotencyKeyHash } from './chunk-identity.ts';
import { operationByKey } from './chunks.store.ts';

export interface UploadWish {
  incidentId: string;
  streamId: string | null;
  idempotencyKey: string | undefined;
  /** Of the chunk, as far as the client says before the body. Bytes. */
  declaredBytes: number;
  maxUploadBytes: number;
  defaultQuotaBytes: number;
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
 * Step 1 of an upload, before its body is read: refuses whatever can already be known to fail. All of it is judged again when the
 * chunk is recorded. Returns the media type of the stream, if one was named. Throws incident_not_found, incident_closed,
 * incident_deleting, stream_not_found, stream_not_open, upload_too_large, quota_exceeded.
 */
export async function authoriseUpload(
  deps: { metadata: Metadata },
  caller: Caller,
  wish: UploadWish,
): Promise<MediaType | undefined> {
  const { read } = deps.metadata;
  if (wish.declaredBytes > wish.maxUploadBytes) throw new Problem('upload_too_large');
  const found = await target.first(read, { incidentId: wish.incidentId, streamId: wish.streamId ?? '' });
  // To everybody but its owner and administrators it does not exist.
  if (found === undefined || (caller.role !== 'admin' && found.owner_account_id !== caller.accountId))
    throw new Problem('incident_not_found');
  assertNotDeleting(found);
  if (wish.streamId !== null && found.stream_status === null) throw new Problem('stream_not_found');
  const refusal = refusalOf(found, wish);
  // The retry of an accepted upload is answered as before, also when the incident has been closed since.
  if (refusal !== undefined && !(await keyWasUsed(read, caller, wish.idempotencyKey))) throw refusal;
  return found.media_type ?? undefined;
}

function refusalOf(found: Target, wish: UploadWish): Problem | undefined {
  if (found.status !== 'open') return new Problem('incident_closed');
  if (found.stream_status !== null && found.stream_status !== 'open') return new Problem('stream_not_open');
  if (found.bytes_used === null) return undefined;
  const limit = found.bytes_limit ?? wish.defaultQuotaBytes;
  return limit !== 0 && found.bytes_used + wish.declaredBytes > limit ? new Problem('quota_exceeded') : undefined;
}

async function keyWasUsed(db: Db, caller: Caller, key: string | undefined): Promise<boolean> {
  return key !== undefined && (await operationByKey(db, idempotencyKeyHash(caller.accountId, key))) !== undefined;
}
