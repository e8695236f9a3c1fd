import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import { accountToChange } from '../accounts.store.ts';
import type { AuthSessionsTable } from '../accounts.tables.ts';
import { refreshTokenByHash, refreshTokenById, removeExpired, revokeFamily } from './browser.store.ts';

interface RefreshSession {
  accountId: string;
  tokenHash: string;
  /** What takes its place, unless something has already. */
  successor: { id: string; token_hash: string };
  session: Pick<AuthSessionsTable, 'id' | 'token_hash' | 'expires_at'>;
  at: Timestamp;
  /** A token that was used after this may be used once more. */
  graceFrom: Timestamp;
  /** For the case that it was used before: whoever has it is not the only one. */
  audit: AuditEntry;
}

export type Refreshed =
  /** Unknown, expired, or of a family that has ended. */
  | { state: 'ended' }
  /** Used again too late, or after its successor was used: the family has ended with this. */
  | { state: 'reused' }
  | { state: 'renewed'; successorId: string; familyExpiresAt: Timestamp };

/** The lock on the account puts everything that happens to its families into one order. */
export const refreshSessionTransaction = transaction(
  'accounts.refresh_session',
  async (trx, input: RefreshSession): Promise<Refreshed> => {
    const { accountId, at, session } = input;
    if ((await accountToChange(trx, accountId)) === undefined) return { state: 'ended' };
    const token = await refreshTokenByHash(trx, input.tokenHash);
    if (token === undefined || token.revoked_at !== null || token.expires_at <= at) return { state: 'ended' };
    const { family_id, expires_at } = token;
    let successorId = input.successor.id;
    if (token.successor_id === null) {
      await trx
        .updateTable('refresh_tokens')
        .set({ used_at: at, successor_id: successorId })
        .where('id', '=', token.id)
        .execute();
      await trx
        .insertInto('refresh_tokens')
        .values({ ...input.successor, account_id: accountId, family_id, created_at: at, expires_at })
        .execute();
    } else {
      successorId = token.successor_id;
      const successor = await refreshTokenById(trx, successorId);
      const inTime = (token.used_at ?? '') >= input.graceFrom;
      if (!inTime || successor === undefined || successor.used_at !== null) {
        await revokeFamily(trx, family_id, at);
        await appendAudit(trx, { ...input.audit, subjectId: family_id });
        return { state: 'reused' };
      }
    }
    await trx
      .insertInto('auth_sessions')
      .values({ ...session, account_id: accountId, kind: 'browser', family_id, created_at: at })
      .execute();
    return { state: 'renewed', successorId, familyExpiresAt: expires_at };
  },
);

/** One bounded turn. Returns whether there may be more. */
export const sweepSessionsTransaction = transaction(
  'accounts.sweep_sessions',
  async (trx, input: { before: Timestamp; limit: number }): Promise<{ removed: number; more: boolean }> => {
    const sessions = await removeExpired(trx, 'auth_sessions', input.before, input.limit);
    const tokens = await removeExpired(trx, 'refresh_tokens', input.before, input.limit);
    return { removed: sessions + tokens, more: sessions === input.limit || tokens === input.limit };
  },
);

export const browserTransactions = [refreshSessionTransaction, sweepSessionsTransaction];
