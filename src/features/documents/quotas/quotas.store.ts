import type { Selectable } from 'kysely';
import { isProblem, Problem } from '#kit/errors.ts';
import { compiled } from '#platform/metadata/compiled.ts';
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

/** How much a body may bring whose length nobody has said. */
export function bytesLeft(quota: QuotaRow | undefined, defaults: QuotaDefaults): number {
  const limit = quota?.bytes_limit ?? defaults.quotaBytes;
  return limit === 0 ? Number.MAX_SAFE_INTEGER : Math.max(0, limit - (quota?.bytes_used ?? 0));
}

/** What a body was refused with that brought more than it might: of the server's limit, or of the account's room. */
export function tooLarge(
  error: unknown,
  maxBytes: number,
  { maxUploadBytes }: Pick<DocumentConfig, 'maxUploadBytes'>,
): unknown {
  return isProblem(error, 'upload_too_large') && maxBytes < maxUploadBytes
    ? new Problem('quota_exceeded', { cause: error })
    : error;
}

const quotaToChange = compiled((db, by: { accountId: string }) =>
  db.selectFrom('quotas').selectAll().where('account_id', '=', by.accountId).forNoKeyUpdate(),
);

/**
 * Holds everything of an account that takes room or has a place, until the commit: its names, folders and totals change one at a time,
 * so a body may decide by what it reads of them. The first that a body of documents locks.
 */
export async function holdOwner(trx: Trx, accountId: string): Promise<QuotaRow> {
  const held = await quotaToChange.first(trx, { accountId });
  if (held !== undefined) return held;
  await trx
    .insertInto('quotas')
    .values({ account_id: accountId })
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
  const made = await quotaToChange.first(trx, { accountId });
  if (made === undefined) throw new Error('a quota row that was just made is not there');
  return made;
}

/** Whoever calls holds the owner. Negative numbers give room back. */
export async function chargeOwner(trx: Trx, accountId: string, more: Usage): Promise<void> {
  await trx
    .updateTable('quotas')
    .set((builder) => ({
      bytes_used: builder('bytes_used', '+', more.bytes),
      documents_used: builder('documents_used', '+', more.documents),
    }))
    .where('account_id', '=', accountId)
    .execute();
}
