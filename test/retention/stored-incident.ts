import { transactions as all } from '#compose/transactions.ts';
import type { DeletionConfig } from '#features/incidents/index.ts';
import { newId } from '#kit/ids.ts';
import { rows } from '#platform/metadata/contract/rows.ts';
import { anyTables, insertRows, type Row, updateRow } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';

/** Every transaction of the server, and those by which these tests write what no request could. */
export const transactions = [...all, insertRows, updateRow];

export const day = 86_400_000;

export const config = (given: Partial<DeletionConfig> = {}): DeletionConfig => ({
  ...{ workerIntervalMs: 0, closedIncidentRetentionMs: day, tokenMetadataRetentionMs: 0, tombstoneRetentionMs: 0 },
  ...{ modeRetention: 'off', emergencyRetention: 'default', interactionRecordRetention: 'default' },
  ...{ safetyCheckRetention: 'default', evidenceNoteRetention: 'default' },
  ...given,
});

/** Closed then, with whatever hangs on it. Without an owner. */
export async function closedIncident(
  metadata: Metadata,
  closedAt: string,
  { mode = null, more = [] }: { mode?: string | null; more?: ((incident: string) => Row)[] } = {},
): Promise<string> {
  const id = newId('inc');
  const values = { id, owner_account_id: null, incident_mode: mode, status: 'closed', closed_at: closedAt };
  await metadata.write(insertRows, [rows.incident(values), ...more.map((row) => row(id))]);
  return id;
}

export const stream = (status: 'open' | 'complete' | 'failed') => (incident: string) =>
  rows.stream({
    id: newId('str'),
    incident_id: incident,
    status,
    latest_chunk_id: null,
    chunk_count: 0,
    byte_count: 0,
  });

export async function deletionStateOf(metadata: Metadata, incident: string): Promise<unknown> {
  const found = anyTables(metadata.read).selectFrom('incidents').select('deletion_state').where('id', '=', incident);
  return (await found.executeTakeFirstOrThrow()).deletion_state;
}
