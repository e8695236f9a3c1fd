import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';

/**
 * One download more, if the link still allows one: however many come at once, no more than it allows are told so. Throws share_invalid.
 */
export const countDownloadTransaction = transaction(
  'links.count_download',
  async (trx, input: { shareId: string; at: Timestamp; audit: AuditEntry }) => {
    const result = await trx
      .updateTable('shares')
      .set((builder) => ({ downloads: builder('downloads', '+', 1) }))
      .where('id', '=', input.shareId)
      .where('kind', '=', 'link')
      .where('revoked_at', 'is', null)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', input.at)]))
      .where((where) =>
        where.or([where('max_downloads', 'is', null), where('downloads', '<', where.ref('max_downloads'))]),
      )
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) throw new Problem('share_invalid');
    await appendAudit(trx, input.audit);
  },
);

export const linkTransactions = [countDownloadTransaction];
