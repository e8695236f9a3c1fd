import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { type Trx, transaction } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, incidentHeld } from '../../incident-access.ts';
import { type SupersessionRow, supersessionOf, withdrawalOf } from './supersessions.store.ts';

interface RecordSupersession {
  /** Of the policy, which does not contradict whoever took a decision back. */
  unlessWithdrawn?: true;
  incidentId: string;
  row: SupersessionRow;
  audit: AuditEntry;
}

async function held(trx: Trx, { incidentId, row }: RecordSupersession): Promise<void> {
  const incident = await incidentHeld(trx, incidentId);
  if (incident === undefined) throw new Problem('incident_not_found');
  assertNotDeleting(incident);
  await trx
    .selectFrom('capture_groups')
    .select('id')
    .where('id', '=', row.capture_group_id)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** Its conditions were judged on rows that never change. One that stands already is the answer to its repetition. */
export const recordSupersessionTransaction = transaction(
  'supersessions.record',
  async (trx, input: RecordSupersession): Promise<{ row: SupersessionRow; isNew: boolean }> => {
    await held(trx, input);
    const { row } = input;
    const earlier = await trx
      .selectFrom('supersessions')
      .selectAll()
      .where('capture_group_id', '=', row.capture_group_id)
      .where('superseding_stream_id', '=', row.superseding_stream_id)
      .where('superseding_segment_id', '=', row.superseding_segment_id)
      .where('superseded_stream_id', '=', row.superseded_stream_id)
      .where('superseded_segment_id', '=', row.superseded_segment_id)
      .where('withdraws_id', 'is', null)
      .orderBy('id', 'desc')
      .executeTakeFirst();
    const stands =
      earlier !== undefined && (input.unlessWithdrawn === true || (await withdrawalOf(trx, earlier.id)) === undefined);
    if (stands) return { row: earlier, isNew: false };
    await trx.insertInto('supersessions').values(row).execute();
    await appendAudit(trx, input.audit);
    return { row, isNew: true };
  },
);

/** Throws supersession_not_found, supersession_withdrawn. */
export const withdrawSupersessionTransaction = transaction(
  'supersessions.withdraw',
  async (trx, input: Omit<RecordSupersession, 'row'> & { row: SupersessionRow; withdrawsId: string }) => {
    await held(trx, input);
    const earlier = await supersessionOf(trx, input.row.capture_group_id, input.withdrawsId);
    if (earlier.withdraws_id !== null || (await withdrawalOf(trx, earlier.id)) !== undefined)
      throw new Problem('supersession_withdrawn');
    await trx.insertInto('supersessions').values(input.row).execute();
    await appendAudit(trx, input.audit);
  },
);

/** Unless something has changed meanwhile. */
export const lookedAtTransaction = transaction(
  'supersessions.looked_at',
  async (trx, input: { groupId: string; lookAt: string; again: string | null }) => {
    await trx
      .updateTable('capture_groups')
      .set({ look_at: input.again })
      .where('id', '=', input.groupId)
      .where('look_at', '=', input.lookAt)
      .execute();
  },
);
