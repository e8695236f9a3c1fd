import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { holdOwner, type QuotaRow } from './quotas.store.ts';

interface SetLimits {
  accountId: string;
  /** Null: the default of the server; 0: no limit. */
  bytesLimit: number | null;
  documentsLimit: number | null;
  audit: AuditEntry;
}

/** A limit below what is used takes nothing away; it only lets nothing more in. Throws account_not_found. */
export const setLimitsTransaction = transaction(
  'documents.set_limits',
  async (trx, { accountId, bytesLimit, documentsLimit, audit }: SetLimits): Promise<QuotaRow> => {
    const account = await trx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst();
    if (account === undefined) throw new Problem('account_not_found');
    const quota = await holdOwner(trx, accountId);
    const limits = { bytes_limit: bytesLimit, documents_limit: documentsLimit };
    await trx.updateTable('quotas').set(limits).where('account_id', '=', accountId).execute();
    await appendAudit(trx, audit);
    return { ...quota, ...limits };
  },
);

export const quotaTransactions = [setLimitsTransaction];
