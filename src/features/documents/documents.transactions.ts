import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { insertJobs, type NewJob } from '#features/jobs/index.ts';
import { Problem } from '#kit/errors.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { type DocumentRow, documentById } from './access.ts';
import { earlierOperation, type VersionRow } from './documents.store.ts';
import { holdQuota, type QuotaDefaults } from './quotas/quotas.store.ts';

export interface AddOperation {
  keyHash: string;
  fingerprint: string;
}

export interface AddDocument {
  document: DocumentRow;
  version: VersionRow;
  /** What is to be done with the version. */
  jobs: readonly NewJob[];
  operation?: AddOperation;
  quota: QuotaDefaults;
  audit: AuditEntry;
}

export type Added = { created: true } | { created: false; document: DocumentRow };

/**
 * Accepts a new document whose bytes are already durable. Locks in the house's order: quota, folder, and the end of the audit chain.
 * Throws idempotency_conflict, quota_exceeded, folder_not_found, name_conflict.
 */
export const addDocumentTransaction = transaction('documents.add', async (trx, input: AddDocument): Promise<Added> => {
  const { document, version, operation } = input;
  const charge = await holdQuota(trx, document.owner_account_id, input.quota, {
    bytes: version.byte_size,
    documents: 1,
  });
  if (operation !== undefined) {
    const earlier = await earlierOperation(trx, operation.keyHash);
    if (earlier !== undefined) {
      const before =
        earlier.fingerprint === operation.fingerprint ? await documentById(trx, earlier.document_id) : undefined;
      if (before === undefined) throw new Problem('idempotency_conflict');
      return { created: false, document: before };
    }
  }
  if (document.folder_id !== null) {
    const folder = await trx
      .selectFrom('folders')
      .select(['owner_account_id', 'trashed_at'])
      .where('id', '=', document.folder_id)
      .forShare()
      .executeTakeFirst();
    if (folder?.owner_account_id !== document.owner_account_id || folder.trashed_at !== null)
      throw new Problem('folder_not_found');
  }
  const namesake = await trx
    .selectFrom('documents')
    .select('id')
    .where('owner_account_id', '=', document.owner_account_id)
    .where((where) => where(where.fn.coalesce('folder_id', where.val('')), '=', document.folder_id ?? ''))
    .where('name', '=', document.name)
    .where('trashed_at', 'is', null)
    .executeTakeFirst();
  if (namesake !== undefined) throw new Problem('name_conflict');
  await charge();
  await trx.insertInto('documents').values(document).execute();
  await trx.insertInto('document_versions').values(version).execute();
  await insertJobs(trx, input.jobs);
  if (operation !== undefined)
    await trx
      .insertInto('document_operations')
      .values({
        idempotency_key_hash: operation.keyHash,
        fingerprint: operation.fingerprint,
        document_id: document.id,
        version: version.version,
        created_at: version.created_at,
      })
      .execute();
  await appendAudit(trx, input.audit);
  return { created: true };
});

export const documentTransactions = [addDocumentTransaction];
