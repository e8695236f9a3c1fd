import { transactions } from '#compose/transactions.ts';
import { createAccountTransaction } from '#features/accounts/accounts.transactions.ts';
import type { AuditEntry } from '#features/audit/index.ts';
import { type RecordChunk, recordChunkTransaction } from '#features/incidents/chunks/chunks.transactions.ts';
import { createIncidentTransaction } from '#features/incidents/incidents.transactions.ts';
import { createStreamTransaction } from '#features/incidents/streams/streams.transactions.ts';
import { newId } from '#kit/ids.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';

export { transactions };

export const at = '2026-01-02T03:04:05.678Z';
export const hash = (digit: string) => digit.repeat(64);

export function audit(action = 'test'): AuditEntry {
  return { id: newId('aud'), at, actor: 'server', action, subjectType: 'test' };
}

export async function anAccount(
  metadata: Metadata,
  username: string,
  role: 'user' | 'admin' = 'user',
): Promise<string> {
  const id = newId('acct');
  await metadata.write(createAccountTransaction, {
    account: { id, username, password_hash: 'hash-1', role },
    at,
    audit: audit(),
    onlyAsFirstAdministrator: false,
  });
  return id;
}

export async function anIncident(metadata: Metadata, owner: string | null): Promise<string> {
  const id = newId('inc');
  await metadata.write(createIncidentTransaction, {
    id,
    owner_account_id: owner,
    status: 'open',
    client_label: null,
    notes: null,
    incident_mode: null,
    capture_profile: null,
    escalation_policy: null,
    sharing_state: null,
    created_at: at,
    updated_at: at,
  });
  return id;
}

export async function aStream(metadata: Metadata, incidentId: string): Promise<string> {
  const id = newId('str');
  await metadata.write(createStreamTransaction, {
    id,
    incident_id: incidentId,
    media_type: 'audio',
    label: null,
    status: 'open',
    expected_chunk_count: null,
    chunk_count: 0,
    byte_count: 0,
    latest_chunk_id: null,
    created_at: at,
    updated_at: at,
    completed_at: null,
    failed_at: null,
    failure_reason: null,
    capture_group_id: null,
    variant_role: null,
    quality_profile: null,
    upload_priority: null,
  });
  return id;
}

export interface ChunkOf {
  incidentId: string;
  streamId: string | null;
  index: number;
  byteSize?: number;
  quota?: number;
  /** Of an idempotency key; with it a fingerprint. */
  key?: string;
  fingerprint?: string;
}

export function aRecord(of: ChunkOf): RecordChunk {
  const id = newId('chk');
  return {
    defaultQuotaBytes: of.quota ?? 0,
    chunk: {
      id,
      incident_id: of.incidentId,
      stream_id: of.streamId,
      chunk_index: of.index,
      media_type: 'audio',
      started_at: at,
      ended_at: at,
      original_filename: null,
      stored_path: `incidents/${of.incidentId}/${of.streamId}/${of.index}`,
      byte_size: of.byteSize ?? 10,
      sha256_hex: hash('a'),
      created_at: at,
    },
    ...(of.key === undefined
      ? {}
      : { operation: { id: newId('upo'), keyHash: of.key, fingerprint: of.fingerprint ?? hash('f') } }),
  };
}

export async function record(metadata: Metadata, of: ChunkOf) {
  return await metadata.write(recordChunkTransaction, aRecord(of));
}
