import { type Actor, auditEntry } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { assertPassword } from './accounts.rules.ts';
import { accountById } from './accounts.store.ts';
import { setPasswordTransaction } from './accounts.transactions.ts';
import { hashPassword, passwordMatches } from './passwords.ts';

interface OwnPassword {
  accountId: string;
  sessionId: string;
  currentPassword: string;
  newPassword: string;
}

/** The account's own change: every other session of it ends. Returns how many. Throws invalid_credentials, invalid_password. */
export async function changeOwnPassword(deps: { metadata: Metadata }, input: OwnPassword): Promise<number> {
  assertPassword(input.newPassword);
  const account = await accountById(deps.metadata.read, input.accountId);
  if (account === undefined || !(await passwordMatches(input.currentPassword, account.password_hash)))
    throw new Problem('invalid_credentials');
  return await deps.metadata.write(setPasswordTransaction, {
    accountId: account.id,
    passwordHash: await hashPassword(input.newPassword),
    expectedHash: account.password_hash,
    keepSessionId: input.sessionId,
    at: timestamp(Date.now()),
    audit: auditEntry({
      actor: 'account',
      actorAccountId: account.id,
      action: 'account.change_password',
      subjectType: 'account',
      subjectId: account.id,
    }),
  });
}

/** An administrator's reset: every session of the account ends. Returns how many. Throws account_not_found, invalid_password. */
export async function resetPassword(
  deps: { metadata: Metadata },
  input: { accountId: string; newPassword: string; by: Actor },
): Promise<number> {
  assertPassword(input.newPassword);
  return await deps.metadata.write(setPasswordTransaction, {
    accountId: input.accountId,
    passwordHash: await hashPassword(input.newPassword),
    at: timestamp(Date.now()),
    audit: auditEntry({
      ...input.by,
      action: 'account.reset_password',
      subjectType: 'account',
      subjectId: input.accountId,
    }),
  });
}
