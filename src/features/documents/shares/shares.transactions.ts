import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { documentHeld, folderHeld } from '../access.ts';
import { membershipHeld } from '../groups/groups.store.ts';
import type { ShareRow } from './shares.store.ts';

/** By the owner of the thing alone, to a group of theirs. Throws document_not_found, folder_not_found, group_not_found, forbidden. */
export const createShareTransaction = transaction(
  'shares.create',
  async (trx, input: { share: ShareRow; audit: AuditEntry }) => {
    const { share } = input;
    const claim = { accountId: share.owner_account_id, need: 'own', at: share.created_at } as const;
    if (share.group_id !== null && !(await membershipHeld(trx, share.group_id, share.owner_account_id)))
      throw new Problem('group_not_found');
    if (share.folder_id !== null) await folderHeld(trx, { ...claim, id: share.folder_id });
    if (share.document_id !== null) await documentHeld(trx, { ...claim, id: share.document_id });
    await trx.insertInto('shares').values(share).execute();
    await appendAudit(trx, input.audit);
  },
);

/** Waits for what is being done on the share, and keeps the next out. Throws share_not_found. */
export const revokeShareTransaction = transaction(
  'shares.revoke',
  async (trx, input: { shareId: string; ownerId: string; at: Timestamp; audit: AuditEntry }) => {
    const result = await trx
      .updateTable('shares')
      .set({ revoked_at: input.at })
      .where('id', '=', input.shareId)
      .where('owner_account_id', '=', input.ownerId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) throw new Problem('share_not_found');
    await appendAudit(trx, input.audit);
  },
);

export const shareTransactions = [createShareTransaction, revokeShareTransaction];
