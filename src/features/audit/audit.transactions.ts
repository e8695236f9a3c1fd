import { transaction } from '#platform/metadata/metadata.ts';
import { type AuditEntry, appendAudit } from './audit.store.ts';

/** For what was read or refused: there is no act whose transaction could carry the entries. */
export const recordAuditTransaction = transaction(
  'audit.record',
  async (trx, entries: AuditEntry | readonly AuditEntry[]) => {
    await appendAudit(trx, ...[entries].flat());
  },
);

export const auditTransactions = [recordAuditTransaction];
