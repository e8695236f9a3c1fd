import { transaction } from '#platform/metadata/metadata.ts';
import { type AuditEntry, appendAudit } from './audit.store.ts';

/** For what was refused: there is no act whose transaction could carry the entry. */
export const recordAuditTransaction = transaction('audit.record', async (trx, entry: AuditEntry) => {
  await appendAudit(trx, entry);
});

export const auditTransactions = [recordAuditTransaction];
