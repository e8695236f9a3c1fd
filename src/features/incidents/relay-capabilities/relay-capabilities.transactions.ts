import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertOpen, incidentHeld } from '../incident-access.ts';
import { streamOf } from '../streams/streams.store.ts';
import type { CapabilityRow } from './relay-capabilities.store.ts';

/** Throws incident_not_found, incident_closed, incident_deleting, stream_not_found, stream_not_open. */
export const createCapabilityTransaction = transaction(
  'relay_capabilities.create',
  async (trx, { row, audit }: { row: CapabilityRow; audit: AuditEntry }) => {
    const incident = await incidentHeld(trx, row.incident_id);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertOpen(incident);
    const stream = await streamOf(trx, row.incident_id, row.stream_id);
    if (stream.status !== 'open') throw new Problem('stream_not_open');
    await trx.insertInto('relay_capabilities').values(row).execute();
    await appendAudit(trx, audit);
  },
);

/** False where it was withdrawn before. */
export const revokeCapabilityTransaction = transaction(
  'relay_capabilities.revoke',
  async (trx, input: { id: string; at: string; audit: AuditEntry }): Promise<boolean> => {
    const result = await trx
      .updateTable('relay_capabilities')
      .set({ revoked_at: input.at })
      .where('id', '=', input.id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) !== 1) return false;
    await appendAudit(trx, input.audit);
    return true;
  },
);

/** Those that ended before then open nothing any more. Returns how many went. */
export const sweepCapabilitiesTransaction = transaction(
  'relay_capabilities.sweep',
  async (trx, { before }: { before: string }): Promise<number> => {
    const result = await trx.deleteFrom('relay_capabilities').where('expires_at', '<', before).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
);

export const relayCapabilityTransactions = [
  createCapabilityTransaction,
  revokeCapabilityTransaction,
  sweepCapabilitiesTransaction,
];
