import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { type AuditTable, type FillingMark, wordsOf } from './being-filled.ts';
import { fillingMarkId } from './filling-mark-id.ts';
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
  async (trx, input: { table: AuditTable; mark: FillingMark; at: Timestamp }) => {
    const tables = anyTables(trx);
    await tables.deleteFrom(input.table).where('id', '=', fillingMarkId).execute();
    await tables
      .insertInto(input.table)
      .values({
        id: fillingMarkId,
        at: input.at,
        actor: 'command_line',
        action: 'store.filling',
        subject_type: 'store',
        outcome: 'done',
        detail: wordsOf(input.mark),
      })
      .execute();
  },
);

/** The store is whole: in place of the mark comes an ordinary entry, which stays. */
export const unmarkRowsTransaction = transaction('transfer.unmark_rows', async (trx, entry: AuditEntry) => {
  await trx.deleteFrom('audit_log').where('id', '=', fillingMarkId).execute();
  await appendAudit(trx, entry);
});

export const transferTransactions = [insertRowsTransaction, markRowsTransaction, unmarkRowsTransaction];
