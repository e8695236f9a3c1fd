import type { Selectable } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import type { AccountsTable, AuthSessionsTable } from './accounts.tables.ts';
import { revokeRefreshTokensOf } from './browser/browser.store.ts';

export type AccountRow = Selectable<AccountsTable>;
export type SessionRow = Selectable<AuthSessionsTable>;

const byId = compiled((db, by: { id: string }) => db.selectFrom('accounts').selectAll().where('id', '=', by.id));

export async function accountById(db: Db, id: string): Promise<AccountRow | undefined> {
  return await byId.first(db, { id });
}

/** For what hangs on its password: until the transaction ends it stays as it is. */
export async function accountHeld(trx: Trx, id: string): Promise<AccountRow | undefined> {
  return await trx.selectFrom('accounts').selectAll().where('id', '=', id).forShare().executeTakeFirst();
}

/** For changing it, or its sessions as a whole: waits for sessions that are being opened. */
export async function accountToChange(trx: Trx, id: string): Promise<AccountRow | undefined> {
  return await trx.selectFrom('accounts').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
}

export async function accountByUsername(db: Db, username: string): Promise<AccountRow | undefined> {
  return await db.selectFrom('accounts').selectAll().where('username', '=', username).executeTakeFirst();
}

export async function listAccounts(db: Db, limit: number, after?: string): Promise<AccountRow[]> {
  return await db
    .selectFrom('accounts')
    .selectAll()
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Usernames by id, for listings that mention accounts. */
export async function usernamesOf(db: Db, ids: readonly (string | null)[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const rows = await db.selectFrom('accounts').select(['id', 'username']).where('id', 'in', wanted).execute();
  return new Map(rows.map(({ id, username }) => [id, username]));
}

export async function administratorExists(db: Db): Promise<boolean> {
  const row = await db.selectFrom('accounts').select('id').where('role', '=', 'admin').limit(1).executeTakeFirst();
  return row !== undefined;
}

export interface SessionHolder {
  session_id: string;
  token_hash: string;
  expires_at: string;
  revoked_at: string | null;
  account_id: string;
  username: string;
  role: 'user' | 'admin';
}

const holderOf = compiled((db, by: { tokenHash: string; kind: SessionRow['kind'] }) =>
  db
    .selectFrom('auth_sessions')
    .innerJoin('accounts', 'accounts.id', 'auth_sessions.account_id')
    .select([
      'auth_sessions.id as session_id',
      'auth_sessions.token_hash',
      'auth_sessions.expires_at',
      'auth_sessions.revoked_at',
      'accounts.id as account_id',
      'accounts.username',
      'accounts.role',
    ])
    .where('auth_sessions.token_hash', '=', by.tokenHash)
    .where('auth_sessions.kind', '=', by.kind),
);

/** A session of that kind with its account, whether or not it is still good: the caller judges. */
export async function sessionHolder(
  db: Db,
  kind: SessionRow['kind'],
  tokenHash: string,
): Promise<SessionHolder | undefined> {
  return await holderOf.first(db, { tokenHash, kind });
}

/** Revokes the account's live sessions, and what could renew them; except one and its family where given. Returns how many. */
export async function revokeSessionsOf(db: Db, accountId: string, at: Timestamp, exceptId?: string): Promise<number> {
  const kept = exceptId === undefined ? undefined : await sessionById(db, exceptId);
  const result = await db
    .updateTable('auth_sessions')
    .set({ revoked_at: at })
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .$if(exceptId !== undefined, (query) => query.where('id', '!=', exceptId ?? ''))
    .executeTakeFirst();
  await revokeRefreshTokensOf(db, accountId, at, kept?.family_id ?? null);
  return Number(result.numUpdatedRows);
}

export async function sessionById(db: Db, id: string): Promise<SessionRow | undefined> {
  return await db.selectFrom('auth_sessions').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function openSessionsOf(db: Db, accountId: string, now: Timestamp): Promise<SessionRow[]> {
  return await db
    .selectFrom('auth_sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('id', 'desc')
    .limit(200)
    .execute();
}
