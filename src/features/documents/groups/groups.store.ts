import type { Selectable } from 'kysely';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { GroupsTable } from '../documents.tables.ts';

export type GroupRow = Selectable<GroupsTable>;

export interface MemberRow {
  /** The account's. */
  id: string;
  username: string;
  created_at: string;
}

export async function groupById(db: Db, id: string): Promise<GroupRow | undefined> {
  return await db.selectFrom('groups').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function listGroups(db: Db, limit: number, after?: string): Promise<GroupRow[]> {
  return await db
    .selectFrom('groups')
    .selectAll()
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function groupsOf(db: Db, accountId: string, limit: number, after?: string): Promise<GroupRow[]> {
  return await db
    .selectFrom('group_members')
    .innerJoin('groups', 'groups.id', 'group_members.group_id')
    .selectAll('groups')
    .where('group_members.account_id', '=', accountId)
    .$if(after !== undefined, (query) => query.where('group_members.group_id', '>', after ?? ''))
    .orderBy('group_members.group_id')
    .limit(limit)
    .execute();
}

export async function membersOf(db: Db, groupId: string, limit: number, after?: string): Promise<MemberRow[]> {
  return await db
    .selectFrom('group_members')
    .innerJoin('accounts', 'accounts.id', 'group_members.account_id')
    .select(['accounts.id', 'accounts.username', 'group_members.created_at'])
    .where('group_members.group_id', '=', groupId)
    .$if(after !== undefined, (query) => query.where('group_members.account_id', '>', after ?? ''))
    .orderBy('group_members.account_id')
    .limit(limit)
    .execute();
}

/** Whether the account belongs to the group; if so, it does until the commit. */
export async function membershipHeld(trx: Trx, groupId: string, accountId: string): Promise<boolean> {
  const member = await trx
    .selectFrom('group_members')
    .select('group_id')
    .where('group_id', '=', groupId)
    .where('account_id', '=', accountId)
    .forShare()
    .executeTakeFirst();
  return member !== undefined;
}

/** All that the account belongs to, held as by membershipHeld. */
export async function holdMemberships(trx: Trx, accountId: string): Promise<void> {
  await trx
    .selectFrom('group_members')
    .select('group_id')
    .where('account_id', '=', accountId)
    .orderBy('group_id')
    .forShare()
    .execute();
}
