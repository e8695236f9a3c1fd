import { accountById } from '#features/accounts/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, type IncidentRow, incidentFor } from '../incident-access.ts';
import { type StreamRow, streamOf } from '../streams/streams.store.ts';
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

/**
 * Step 1 of an upload, before its body is read: refuses whatever can already be known to fail. All of it is judged again when the
 * chunk is recorded. Throws incident_not_found, incident_closed, incident_deleting, stream_not_found, stream_not_open,
 * upload_too_large, quota_exceeded.
 */
export async function authoriseUpload(
  deps: { metadata: Metadata },
  caller: Caller,
  wish: UploadWish,
): Promise<{ incident: IncidentRow; stream: StreamRow | undefined }> {
  const { read } = deps.metadata;
  if (wish.declaredBytes > wish.maxUploadBytes) throw new Problem('upload_too_large');
  const incident = await incidentFor(read, caller, wish.incidentId);
  assertNotDeleting(incident);
  const stream = wish.streamId === null ? undefined : await streamOf(read, incident.id, wish.streamId);
  const refusal = await refusalOf(read, incident, stream, wish);
  // The retry of an accepted upload is answered as before, also when the incident has been closed since.
  if (refusal !== undefined && !(await keyWasUsed(read, caller, wish.idempotencyKey))) throw refusal;
  return { incident, stream };
}

async function refusalOf(
  db: Db,
  incident: IncidentRow,
  stream: StreamRow | undefined,
  wish: UploadWish,
): Promise<Problem | undefined> {
  if (incident.status !== 'open') return new Problem('incident_closed');
  if (stream !== undefined && stream.status !== 'open') return new Problem('stream_not_open');
  if (incident.owner_account_id === null) return undefined;
  const owner = await accountById(db, incident.owner_account_id);
  const limit = owner?.bytes_limit ?? wish.defaultQuotaBytes;
  return owner !== undefined && limit !== 0 && owner.bytes_used + wish.declaredBytes > limit
    ? new Problem('quota_exceeded')
    : undefined;
}

async function keyWasUsed(db: Db, caller: Caller, key: string | undefined): Promise<boolean> {
  return key !== undefined && (await operationByKey(db, idempotencyKeyHash(caller.accountId, key))) !== undefined;
}
