import type { Selectable } from 'kysely';
import type { Timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { RefreshTokensTable } from '../accounts.tables.ts';

export type RefreshTokenRow = Selectable<RefreshTokensTable>;

export async function refreshTokenByHash(db: Db, tokenHash: string): Promise<RefreshTokenRow | undefined> {
  return await db.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
}

export async function refreshTokenById(db: Db, id: string): Promise<RefreshTokenRow | undefined> {
  return await db.selectFrom('refresh_tokens').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Ends a family: what renews its sessions, and those that are open. */
export async function revokeFamily(db: Db, familyId: string, at: Timestamp): Promise<void> {
  for (const table of ['refresh_tokens', 'auth_sessions'] as const)
    await db
      .updateTable(table)
      .set({ revoked_at: at })
      .where('family_id', '=', familyId)
      .where('revoked_at', 'is', null)
      .execute();
}

/** Revokes what could renew a session of the account, except that of one family where given. */
export async function revokeRefreshTokensOf(
  db: Db,
  accountId: string,
  at: Timestamp,
  exceptFamilyId: string | null,
): Promise<void> {
  await db
    .updateTable('refresh_tokens')
    .set({ revoked_at: at })
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .$if(exceptFamilyId !== null, (query) => query.where('family_id', '!=', exceptFamilyId ?? ''))
    .execute();
}

/** Removes up to so many rows that ended before. Returns how many; what is swept is known to be of no use to anybody. */
export async function removeExpired(
  db: Db,
  table: 'auth_sessions' | 'refresh_tokens',
  before: Timestamp,
  limit: number,
): Promise<number> {
  const ended = db.selectFrom(table).select('id').where('expires_at', '<', before).orderBy('expires_at').limit(limit);
  const result = await db.deleteFrom(table).where('id', 'in', ended).executeTakeFirst();
  return Number(result.numDeletedRows);
}
