import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { DocumentConfig } from '../documents.config.ts';
import type { QuotasTable } from '../documents.tables.ts';

export type QuotaRow = Selectable<QuotasTable>;

/** For accounts without limits of their own; 0 is none. */
export type QuotaDefaults = Pick<DocumentConfig, 'quotaBytes' | 'quotaDocuments'>;

export interface Usage {
  bytes: number;
  documents: number;
}

export async function quotaOf(db: Db, accountId: string): Promise<QuotaRow | undefined> {
  return await db.selectFrom('quotas').selectAll().where('account_id', '=', accountId).executeTakeFirst();
}

/** What is being deleted still counts. Throws quota_exceeded. */
export function assertRoom(quota: QuotaRow | undefined, defaults: QuotaDefaults, more: Usage): void {
  const bytesLimit = quota?.bytes_limit ?? defaults.quotaBytes;
  const documentsLimit = quota?.documents_limit ?? defaults.quotaDocuments;
  if (bytesLimit > 0 && (quota?.bytes_used ?? 0) + more.bytes > bytesLimit) throw new Problem('quota_exceeded');
  if (documentsLimit > 0 && (quota?.documents_used ?? 0) + more.documents > documentsLimit)
    throw new Problem('quota_exceeded');
}

/** Holds the account's quota until the commit, makes sure there is room, and returns what takes it. Throws quota_exceeded. */
export async function holdQuota(
  trx: Trx,
  accountId: string,
  defaults: QuotaDefaults,
  more: Usage,
): Promise<() => Promise<unknown>> {
  await trx
    .insertInto('quotas')
    .values({ account_id: accountId })
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
  const quota = await trx
    .selectFrom('quotas')
    .selectAll()
    .where('account_id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  assertRoom(quota, defaults, more);
  return async () =>
    await trx
      .updateTable('quotas')
      .set((builder) => ({
        bytes_used: builder('bytes_used', '+', more.bytes),
        documents_used: builder('documents_used', '+', more.documents),
      }))
      .where('account_id', '=', accountId)
      .execute();
}
