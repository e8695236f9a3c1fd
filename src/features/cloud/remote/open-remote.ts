import { Problem } from '#kit/errors.ts';
import { guardedAgents } from '#platform/outgoing/guarded-agents.ts';
import type { OutgoingGate } from '#platform/outgoing/outgoing-gate.ts';
import type { ConnectionRow } from '../cloud.store.ts';
import { openCredentials } from '../secrets/seal-credentials.ts';
import type { SecretKeys } from '../secrets/secret-keys.ts';
import type { RemoteStore } from './remote-store.ts';

export interface RemoteDeps {
  keys: SecretKeys;
  gate: OutgoingGate;
}

/** The other side of a connection; close it. Nothing was sent yet. Throws secret_key_missing. */
export async function openRemote({ gate, keys }: RemoteDeps, row: ConnectionRow): Promise<RemoteStore> {
  const credentials = openCredentials(keys, row);
  const { bucket, endpoint, region, root } = row;
  if ('username' in credentials) {
    const { WebdavStore } = await import('./webdav/webdav-store.ts');
    return new WebdavStore(guardedAgents(gate), { endpoint, root, ...credentials });
  }
  if (bucket === null || region === null) throw new Problem('internal_error');
  // The SDK is loaded where it is needed, and nowhere else.
  const { S3RemoteStore } = await import('./s3/s3-remote-store.ts');
  return new S3RemoteStore(guardedAgents(gate), {
    endpoint,
    root,
    bucket,
    region,
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
  });
}
