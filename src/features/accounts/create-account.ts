import { type Actor, auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { assertPassword, normaliseUsername } from './accounts.rules.ts';
import { type AccountRow, accountById } from './accounts.store.ts';
import { createAccountTransaction } from './accounts.transactions.ts';
import { hashPassword } from './passwords.ts';

export interface NewAccountInput {
  username: string;
  password: string;
  role: 'user' | 'admin';
  by: Actor;
  onlyAsFirstAdministrator?: boolean;
}

/** Throws invalid_username, invalid_password, username_conflict; forbidden when set-up is over. */
export async function createAccount(deps: { metadata: Metadata }, input: NewAccountInput): Promise<AccountRow> {
  const username = normaliseUsername(input.username);
  assertPassword(input.password);
  const id = newId('acct');
  await deps.metadata.write(createAccountTransaction, {
    account: { id, username, password_hash: await hashPassword(input.password), role: input.role },
    at: timestamp(Date.now()),
    audit: auditEntry({
      ...input.by,
      action: 'account.create',
      subjectType: 'account',
      subjectId: id,
      detail: input.role,
    }),
    onlyAsFirstAdministrator: input.onlyAsFirstAdministrator === true,
  });
  const account = await accountById(deps.metadata.read, id);
  if (account === undefined) throw new Error('an account that was just created cannot be read');
  return account;
}
