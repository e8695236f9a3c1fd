import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import type { GroupRow } from './groups.store.ts';

/** Throws name_conflict. */
export const createGroupTransaction = transaction(
  'groups.create',
  async (trx, input: { group: GroupRow; audit: AuditEntry }) => {
    const made = await trx
      .insertInto('groups')
      .values(input.group)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) throw new Problem('name_conflict', { message: 'A group of that name exists already.' });
    await appendAudit(trx, input.audit);
  },
);

export interface Membership {
  groupId: string;
  accountId: string;
  at: Timestamp;
  audit: AuditEntry;
}

/** Does nothing, and says nothing, for who is a member already. Throws group_not_found, account_not_found. */
export const addMemberTransaction = transaction('groups.add_member', async (trx, input: Membership) => {
  const { groupId, accountId } = input;
  const account = await trx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', accountId)
    .forShare()
    .executeTakeFirst();
  if (account === undefined) throw new Problem('account_not_found');
  const group = await trx.selectFrom('groups').select('id').where('id', '=', groupId).forShare().executeTakeFirst();
  if (group === undefined) throw new Problem('group_not_found');
  const made = await trx
    .insertInto('group_members')
    .values({ group_id: groupId, account_id: accountId, created_at: input.at })
    .onConflict((conflict) => conflict.columns(['group_id', 'account_id']).doNothing())
    .returning('group_id')
    .executeTakeFirst();
  if (made !== undefined) await appendAudit(trx, input.audit);
});

/** Waits for what the member does as one. Throws group_not_found where there is nothing to take out. */
export const removeMemberTransaction = transaction('groups.remove_member', async (trx, input: Membership) => {
  const result = await trx
    .deleteFrom('group_members')
    .where('group_id', '=', input.groupId)
    .where('account_id', '=', input.accountId)
    .executeTakeFirst();
  if (Number(result.numDeletedRows) === 0)
    throw new Problem('group_not_found', { message: 'There is no such group, or no such account in it.' });
  await appendAudit(trx, input.audit);
});

export const groupTransactions = [createGroupTransaction, addMemberTransaction, removeMemberTransaction];
