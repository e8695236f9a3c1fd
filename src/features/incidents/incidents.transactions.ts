import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, type IncidentRow, incidentToChange } from './incident-access.ts';

export type NewIncident = Omit<IncidentRow, 'deletion_state' | 'closed_at'>;

export const createIncidentTransaction = transaction('incidents.create', async (trx, incident: NewIncident) => {
  await trx.insertInto('incidents').values(incident).execute();
});

/** Closing a closed incident changes nothing and is no error: retries are safe. */
export const closeIncidentTransaction = transaction(
  'incidents.close',
  async (trx, input: { incidentId: string; at: Timestamp }): Promise<IncidentRow> => {
    const incident = await incidentToChange(trx, input.incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertNotDeleting(incident);
    if (incident.status === 'closed') return incident;
    const closed = { status: 'closed' as const, closed_at: input.at, updated_at: input.at };
    await trx.updateTable('incidents').set(closed).where('id', '=', incident.id).execute();
    // Streams that were left open are evidence too, and nothing comes into them any more.
    await trx.updateTable('capture_groups').set({ look_at: input.at }).where('incident_id', '=', incident.id).execute();
    return { ...incident, ...closed };
  },
);

/** Gives an incident without owner to an account, once. Its accepted bytes count for the new owner from then on. */
export const assignOwnerTransaction = transaction(
  'incidents.assign_owner',
  async (
    trx,
    input: { incidentId: string; accountId: string; at: Timestamp; audit: AuditEntry },
  ): Promise<IncidentRow> => {
    const incident = await incidentToChange(trx, input.incidentId);
    if (incident === undefined) throw new Problem('incident_not_found');
    assertNotDeleting(incident);
    if (incident.owner_account_id !== null) throw new Problem('incident_has_owner');
    const account = await trx
      .selectFrom('accounts')
      .select(['id', 'bytes_used'])
      .where('id', '=', input.accountId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (account === undefined) throw new Problem('account_not_found');
    // Complete: chunks are recorded under a lock on the incident, which this transaction has to itself.
    const held = await trx
      .selectFrom('chunks')
      .select((builder) => builder.fn.sum<number | null>('byte_size').as('bytes'))
      .where('incident_id', '=', incident.id)
      .executeTakeFirst();
    await trx
      .updateTable('accounts')
      .set({ bytes_used: account.bytes_used + Number(held?.bytes ?? 0) })
      .where('id', '=', account.id)
      .execute();
    const owned = { owner_account_id: account.id, updated_at: input.at };
    await trx.updateTable('incidents').set(owned).where('id', '=', incident.id).execute();
    await appendAudit(trx, input.audit);
    return { ...incident, ...owned };
  },
);
