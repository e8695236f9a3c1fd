import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { finishJob, type JobClaim } from '#features/jobs/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import type { ItemRow } from '../cloud.store.ts';
import { heldConnection } from '../cloud.transactions.ts';

export interface RecordItem {
  item: ItemRow;
  audit?: AuditEntry;
}

/** What was brought or sent, so that it is not again. False when the connection has gone meanwhile. */
export const recordItemTransaction = transaction(
  'cloud.item',
  async (trx, { item, audit }: RecordItem): Promise<boolean> => {
    const connection = await trx
      .selectFrom('cloud_connections')
      .select('id')
      .where('id', '=', item.cloud_connection_id)
      .forShare()
      .executeTakeFirst();
    if (connection === undefined) return false;
    const { remote_tag, document_id, version, done_at } = item;
    await trx
      .insertInto('cloud_items')
      .values(item)
      .onConflict((conflict) =>
        conflict
          .columns(['cloud_connection_id', 'direction', 'remote_path'])
          .doUpdateSet({ remote_tag, document_id, version, done_at }),
      )
      .execute();
    if (audit !== undefined) await appendAudit(trx, audit);
    return true;
  },
);

export interface FinishTransfer {
  connectionId: string;
  claim: JobClaim;
  /** The job's own words, with the report among them. */
  input: string;
  mirrored: boolean;
  at: Timestamp;
}

/** False when the claim counts no more. */
export const finishTransferTransaction = transaction(
  'cloud.finish',
  async (trx, { connectionId, claim, input, mirrored, at }: FinishTransfer): Promise<boolean> => {
    const connection = await heldConnection(trx, connectionId);
    if (connection === undefined || !(await finishJob(trx, claim, at))) return false;
    await trx.updateTable('jobs').set({ input }).where('id', '=', claim.jobId).execute();
    if (mirrored)
      await trx.updateTable('cloud_connections').set({ mirrored_at: at }).where('id', '=', connectionId).execute();
    return true;
  },
);

export const transferTransactions = [recordItemTransaction, finishTransferTransaction];
