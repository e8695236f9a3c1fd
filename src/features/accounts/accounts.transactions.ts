import { type AuditEntry, appendAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import { transaction } from '#platform/metadata/metadata.ts';
import {
  accountByUsername,
  accountHeld,
  accountToChange,
  administratorExists,
  revokeSessionsOf,
  sessionById,
} from './accounts.store.ts';
import type { AccountsTable, AuthSessionsTable, RefreshTokensTable } from './accounts.tables.ts';
import { refreshTokenByHash, revokeFamily } from './browser/browser.store.ts';
import { browserTransactions } from './browser/browser.transactions.ts';

type NewAccount = Pick<AccountsTable, 'id' | 'username' | 'password_hash' | 'role'>;

interface CreateAccount {
  account: NewAccount;
  at: Timestamp;
  audit: AuditEntry;
  /** For the one-time set-up: refuse when an administrator exists by now. */
  onlyAsFirstAdministrator: boolean;
}

/** Serializable: two nodes that are set up at once both see no administrator, and there is no row that one could lock. */
export const createAccountTransaction = transaction(
  'accounts.create',
  async (trx, input: CreateAccount) => {
    if (input.onlyAsFirstAdministrator && (await administratorExists(trx))) throw new Problem('forbidden');
    if ((await accountByUsername(trx, input.account.username)) !== undefined) throw new Problem('username_conflict');
    await trx
      .insertInto('accounts')
      .values({ ...input.account, created_at: input.at, updated_at: input.at, password_changed_at: input.at })
      .execute();
    await appendAudit(trx, input.audit);
  },
  { serializable: true },
);

interface OpenSession {
  session: Omit<AuthSessionsTable, 'revoked_at' | 'family_id'> & { family_id?: string };
  /** Of a browser: what renews the session. */
  refreshToken?: Omit<RefreshTokensTable, 'used_at' | 'successor_id' | 'revoked_at'>;
  /** By hash: what the same browser was signed in with until now, which ends. */
  replacedTokenHash?: string | undefined;
  /** The hash that the password was checked against: a password changed meanwhile opens nothing. */
  passwordHash: string;
  audit: AuditEntry;
}

export const openSessionTransaction = transaction('accounts.open_session', async (trx, input: OpenSession) => {
  const account = await accountHeld(trx, input.session.account_id);
  if (account?.password_hash !== input.passwordHash) throw new Problem('invalid_credentials');
  const { replacedTokenHash: replaced } = input;
  const before = replaced === undefined ? undefined : await refreshTokenByHash(trx, replaced);
  if (before !== undefined) await revokeFamily(trx, before.family_id, input.session.created_at);
  await trx.insertInto('auth_sessions').values(input.session).execute();
  if (input.refreshToken !== undefined) await trx.insertInto('refresh_tokens').values(input.refreshToken).execute();
  await appendAudit(trx, input.audit);
});

/** Of a browser: with everything that came of the same sign-in. */
export const closeSessionTransaction = transaction(
  'accounts.close_session',
  async (trx, input: { sessionId: string; at: Timestamp; audit: AuditEntry }) => {
    const session = await sessionById(trx, input.sessionId);
    if (session === undefined) return;
    if (session.family_id !== null) {
      await accountToChange(trx, session.account_id);
      await revokeFamily(trx, session.family_id, input.at);
    }
    await trx
      .updateTable('auth_sessions')
      .set({ revoked_at: input.at })
      .where('id', '=', input.sessionId)
      .where('revoked_at', 'is', null)
      .execute();
    await appendAudit(trx, input.audit);
  },
);

interface SetPassword {
  accountId: string;
  passwordHash: string;
  /** Where the account itself changes it: the hash of the current one, so that two changes cannot both succeed. */
  expectedHash?: string;
  keepSessionId?: string;
  at: Timestamp;
  audit: AuditEntry;
}

export const setPasswordTransaction = transaction('accounts.set_password', async (trx, input: SetPassword) => {
  const account = await accountToChange(trx, input.accountId);
  if (account === undefined) throw new Problem('account_not_found');
  if (input.expectedHash !== undefined && account.password_hash !== input.expectedHash)
    throw new Problem('invalid_credentials');
  await trx
    .updateTable('accounts')
    .set({ password_hash: input.passwordHash, password_changed_at: input.at, updated_at: input.at })
    .where('id', '=', input.accountId)
    .execute();
  const revoked = await revokeSessionsOf(trx, input.accountId, input.at, input.keepSessionId);
  await appendAudit(trx, { ...input.audit, detail: `sessions revoked: ${revoked}` });
  return revoked;
});

export const revokeSessionsTransaction = transaction(
  'accounts.revoke_sessions',
  async (trx, input: { accountId: string; at: Timestamp; audit: AuditEntry }) => {
    if ((await accountToChange(trx, input.accountId)) === undefined) throw new Problem('account_not_found');
    const revoked = await revokeSessionsOf(trx, input.accountId, input.at);
    await appendAudit(trx, { ...input.audit, detail: `sessions revoked: ${revoked}` });
    return revoked;
  },
);

export const setQuotaTransaction = transaction(
  'accounts.set_quota',
  async (trx, input: { accountId: string; bytesLimit: number | null; at: Timestamp; audit: AuditEntry }) => {
    const result = await trx
      .updateTable('accounts')
      .set({ bytes_limit: input.bytesLimit, updated_at: input.at })
      .where('id', '=', input.accountId)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) throw new Problem('account_not_found');
    await appendAudit(trx, input.audit);
  },
);

export const accountTransactions = [
  createAccountTransaction,
  openSessionTransaction,
  closeSessionTransaction,
  setPasswordTransaction,
  revokeSessionsTransaction,
  setQuotaTransaction,
  ...browserTransactions,
];
