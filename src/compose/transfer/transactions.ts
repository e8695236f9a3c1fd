import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { type FillingMark, fillingMarkId, wordsOf } from './being-filled.ts';
import { anyTables, type Row } from './rows.ts';

/** Puts rows in as they are. One that is there already, from before an interruption, stays; the digest at the end tells if it differs. */
export const insertRowsTransaction = transaction(
  'transfer.insert_rows',
  async (trx, input: { table: string; rows: readonly Row[] }) => {
    await anyTables(trx)
      .insertInto(input.table)
      .values([...input.rows])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },
  { patient: true },
);

export const markRowsTransaction = transaction(
  'transfer.mark_rows',
  async (trx, input: { mark: FillingMark; at: Timestamp }) => {
    await trx.deleteFrom('audit_log').where('id', '=', fillingMarkId).execute();
    await appendAudit(trx, {
      id: fillingMarkId,
      at: input.at,
      actor: 'command_line',
      action: 'store.filling',
      subjectType: 'store',
      detail: wordsOf(input.mark),
    });
  },
);

/** The store is whole: the mark becomes an ordinary entry, which stays. */
export const unmarkRowsTransaction = transaction('transfer.unmark_rows', async (trx, entry: AuditEntry) => {
  await trx.deleteFrom('audit_log').where('id', '=', fillingMarkId).execute();
  await appendAudit(trx, entry);
});

export const transferTransactions = [insertRowsTransaction, markRowsTransaction, unmarkRowsTransaction];
