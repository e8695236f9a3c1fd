import { auditEntry } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import { type AccountRow, accountByUsername, administratorExists, type SessionRow } from './accounts.store.ts';
import { openSessionTransaction } from './accounts.transactions.ts';
import { passwordMatches } from './passwords.ts';

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
  kind: SessionRow['kind'];
  ttlMs: number;
}

/** Throws invalid_credentials, after the same work whatever was wrong; setup_required while no administrator exists. */
export async function logIn(deps: { metadata: Metadata }, input: LogInInput): Promise<NewSession> {
  const { read } = deps.metadata;
  if (!(await administratorExists(read))) throw new Problem('setup_required');
  const account = await accountByUsername(read, input.username.trim().toLowerCase());
  // An account that may not use the admin pages is refused like a wrong password, and at the same price.
  const allowed = account !== undefined && (input.kind === 'api' || account.role === 'admin');
  const matches = await passwordMatches(input.password, account?.password_hash);
  if (!matches || !allowed) throw new Problem('invalid_credentials');
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
      kind: input.kind,
      created_at: createdAt,
      expires_at: expiresAt,
    },
    passwordHash: account.password_hash,
    ...(input.kind === 'admin_page'
      ? {
          audit: auditEntry({
            actor: 'account',
            actorAccountId: account.id,
            action: 'admin.sign_in',
            subjectType: 'session',
            subjectId: sessionId,
          }),
        }
      : {}),
  });
  return { sessionId, account, token, createdAt, expiresAt };
}
