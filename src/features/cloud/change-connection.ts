import { type AuditEntry, auditEntry } from '#features/audit/index.ts';
import { folderFor } from '#features/documents/index.ts';
import type { Caller } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Db, Metadata } from '#platform/metadata/metadata.ts';
import type { ChangedConnectionFields, NewConnectionFields } from './cloud.json.ts';
import { type ConnectionRow, connectionFor } from './cloud.store.ts';
import { addConnectionTransaction, type ChangeConnection, changeConnectionTransaction } from './cloud.transactions.ts';
import { remotePath } from './remote/remote-path.ts';
import { type Credentials, sealCredentials } from './secrets/seal-credentials.ts';
import type { SecretKeys } from './secrets/secret-keys.ts';

export interface ConnectionDeps {
  metadata: Metadata;
  keys: SecretKeys;
}

/** Nothing is sent to the other side yet. Throws invalid_request, folder_not_found, secret_key_missing, and what the transaction throws. */
export async function addConnection(
  deps: ConnectionDeps,
  caller: Caller,
  wish: NewConnectionFields,
): Promise<ConnectionRow> {
  const nowMs = Date.now();
  const at = timestamp(nowMs);
  const { kind } = wish;
  const credentials = credentialsOf(kind, wish);
  if (credentials === undefined) throw invalid(kind === 's3' ? 'access_key_id' : 'username', 'required');
  const isS3 = kind === 's3';
  if (!isS3 && (wish.bucket !== undefined || wish.region !== undefined)) throw invalid('bucket', 'only of S3');
  const place = {
    id: newId('con', nowMs),
    owner_account_id: caller.accountId,
    kind,
    endpoint: endpointOf(wish.endpoint, kind),
  };
  const mirror = await mirrorChanges(deps, caller, wish, at);
  const row: ConnectionRow = {
    ...place,
    name: wish.name,
    bucket: isS3 ? bucketOf(wish.bucket) : null,
    region: isS3 ? regionOf(wish.region) : null,
    root: remotePath(wish.root ?? ''),
    ...sealCredentials(deps.keys.current, place, credentials),
    mirror_folder_id: null,
    mirror_path: '',
    mirror_every_seconds: null,
    mirror_due_at: null,
    ...mirror,
    created_at: at,
    updated_at: at,
    mirrored_at: null,
    checked_at: null,
    check_error: null,
  };
  await deps.metadata.write(addConnectionTransaction, { row, audit: connectionAudit(row, 'add', nowMs) });
  return row;
}

/** Where it leads cannot be changed: credentials were given for that place. Throws as addConnection, and connection_not_found. */
export async function changeConnection(
  deps: ConnectionDeps,
  caller: Caller,
  id: string,
  wish: ChangedConnectionFields,
): Promise<ConnectionRow> {
  const nowMs = Date.now();
  const at = timestamp(nowMs);
  const row = await connectionFor(deps.metadata.read, caller, id);
  const credentials = credentialsOf(row.kind, wish);
  const changes: ChangeConnection['changes'] = {
    ...(wish.name === undefined ? {} : { name: wish.name }),
    ...(credentials === undefined ? {} : sealCredentials(deps.keys.current, row, credentials)),
    ...(await mirrorChanges(deps, caller, wish, at)),
  };
  return await deps.metadata.write(changeConnectionTransaction, {
    id,
    changes,
    at,
    audit: connectionAudit(row, 'change', nowMs),
  });
}

export function connectionAudit(row: ConnectionRow, act: string, nowMs: number, detail?: string): AuditEntry {
  const { id, owner_account_id: ownerAccountId } = row;
  return auditEntry(
    {
      actor: 'account',
      actorAccountId: ownerAccountId,
      ownerAccountId,
      action: `connection.${act}`,
      subjectType: 'connection',
      subjectId: id,
      detail,
    },
    nowMs,
  );
}

/** Throws folder_not_found, forbidden. */
export async function assertOwnFolder(db: Db, caller: Caller, id: string): Promise<void> {
  const folder = await folderFor(db, caller, id, 'own');
  if (folder.trashed_at !== null) throw new Problem('folder_not_found');
}

async function mirrorChanges(
  deps: ConnectionDeps,
  caller: Caller,
  wish: ChangedConnectionFields,
  at: string,
): Promise<ChangeConnection['changes']> {
  const { mirror_every_seconds: every, mirror_folder_id: folder, mirror_path: path } = wish;
  if (typeof folder === 'string') await assertOwnFolder(deps.metadata.read, caller, folder);
  return {
    ...(folder === undefined ? {} : { mirror_folder_id: folder }),
    ...(path === undefined ? {} : { mirror_path: remotePath(path) }),
    ...(every === undefined ? {} : { mirror_every_seconds: every, mirror_due_at: every === null ? null : at }),
  };
}

/** Undefined when none are given; both of a pair or none, and none of another kind. */
function credentialsOf(kind: 'webdav' | 's3', wish: ChangedConnectionFields): Credentials | undefined {
  const { access_key_id, password, secret_access_key, username } = wish;
  const [own, other] =
    kind === 's3'
      ? [
          [access_key_id, secret_access_key],
          [username, password],
        ]
      : [
          [username, password],
          [access_key_id, secret_access_key],
        ];
  if (other.some((one) => one !== undefined))
    throw invalid(kind === 's3' ? 'username' : 'access_key_id', 'of another kind');
  const [name, secret] = own;
  if (name === undefined && secret === undefined) return undefined;
  if (name === undefined || secret === undefined)
    throw invalid(kind === 's3' ? 'secret_access_key' : 'password', 'both or neither');
  // Basic credentials end the name at the first colon.
  if (kind === 'webdav' && name.includes(':')) throw invalid('username', 'must not contain a colon');
  // It travels in a header.
  if (kind === 's3' && !/^[\x21-\x7e]+$/.test(name)) throw invalid('access_key_id', 'not a key id');
  return kind === 's3' ? { access_key_id: name, secret_access_key: secret } : { username: name, password: secret };
}

function endpointOf(given: string, kind: 'webdav' | 's3'): string {
  const url = URL.parse(given);
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '') &&
    (kind === 'webdav' || url.pathname === '/');
  if (!isPlain) throw invalid('endpoint', 'must be an https address without a name, a query or a fragment');
  return url.href.replace(/\/+$/, '');
}

function bucketOf(given: string | undefined): string {
  if (given === undefined || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(given))
    throw invalid('bucket', 'not a bucket name');
  return given;
}

function regionOf(given = 'us-east-1'): string {
  if (!/^[a-z0-9-]{1,63}$/.test(given)) throw invalid('region', 'not a region');
  return given;
}

function invalid(field: string, words: string): Problem {
  return new Problem('invalid_request', { message: `${field}: ${words}` });
}
