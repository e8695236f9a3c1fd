import { auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import type { AccountRow } from './accounts.store.ts';
import { openSessionTransaction } from './accounts.transactions.ts';
import { checkCredentials, type SignInDeps } from './check-credentials.ts';

export interface NewSession {
  sessionId: string;
  account: AccountRow;
  /** Shown once; only its hash is kept. */
  token: string;
  createdAt: string;
  expiresAt: string;
}

export interface LogInInput {
  username: string;
  password: string;
  kind: 'api' | 'admin_page';
  ttlMs: number;
}

/** Throws what checkCredentials throws. */
export async function logIn(deps: SignInDeps, input: LogInInput): Promise<NewSession> {
  const { kind } = input;
  const account = await checkCredentials(deps, input);
  const now = Date.now();
  const token = newSecret();
  const sessionId = newId('ses', now);
  const createdAt = timestamp(now);
  const expiresAt = timestamp(now + input.ttlMs);
  await deps.metadata.write(openSessionTransaction, {
    session: {
      id: sessionId,
      account_id: account.id,
      token_hash: hashSecret(token),
      kind,
      created_at: createdAt,
      expires_at: expiresAt,
    },
    passwordHash: account.password_hash,
    audit: auditEntry({
      actor: 'account',
      actorAccountId: account.id,
      ownerAccountId: account.id,
      action: kind === 'admin_page' ? 'admin.sign_in' : 'account.sign_in',
      subjectType: 'session',
      subjectId: sessionId,
      ...(kind === 'api' ? { detail: 'api' } : {}),
    }),
  });
  return { sessionId, account, token, createdAt, expiresAt };
}
