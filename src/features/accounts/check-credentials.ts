import { auditEntry, recordAudit } from '#features/audit/index.ts';
import type { RateLimiter } from '#http/rate-limits.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret } from '#platform/process/secrets.ts';
import { type AccountRow, accountByUsername, administratorExists, type SessionRow } from './accounts.store.ts';
import { isDeviceToken } from './browser/device-token.ts';
import { passwordMatches } from './passwords.ts';

export interface SignInDeps {
  metadata: Metadata;
  limiter: RateLimiter;
}

export interface Credentials {
  username: string;
  password: string;
  kind: SessionRow['kind'];
  /** What a browser was given when somebody last signed in with it. */
  deviceToken?: string | undefined;
}

/**
 * The account that these credentials open. Throws invalid_credentials, after the same work whatever was wrong; rate_limited;
 * setup_required while no administrator exists. What is refused is on the audit.
 *
 * Guesses at one username are counted together, from wherever they come. So that a stranger's guesses cannot keep its owner out, a browser
 * that the account was signed in with before has a count of its own, and so have the admin pages.
 */
export async function checkCredentials(deps: SignInDeps, credentials: Credentials): Promise<AccountRow> {
  const { read } = deps.metadata;
  if (!(await administratorExists(read))) throw new Problem('setup_required');
  const { kind, deviceToken } = credentials;
  const username = credentials.username.trim().toLowerCase();
  const account = await accountByUsername(read, username);
  const known = account !== undefined && deviceToken !== undefined && isDeviceToken(deviceToken, account);
  const counted = known ? `device ${deviceToken}` : `${kind === 'admin_page' ? 'admin' : 'name'} ${username}`;
  await deps.limiter('sign_in', hashSecret(counted).slice(0, 22));
  // An account that may not use the admin pages is refused like a wrong password, and at the same price.
  const allowed = account !== undefined && (kind !== 'admin_page' || account.role === 'admin');
  if ((await passwordMatches(credentials.password, account?.password_hash)) && allowed) return account;
  await recordRefusal(deps.metadata, kind, account);
  throw new Problem('invalid_credentials');
}

/** What was typed is kept only where it names an account: people type passwords into the wrong field. */
async function recordRefusal(
  metadata: Metadata,
  kind: SessionRow['kind'],
  account: AccountRow | undefined,
): Promise<void> {
  const notAllowed = kind === 'admin_page' && account?.role === 'user';
  await recordAudit(
    metadata,
    auditEntry({
      actor: 'unknown',
      ownerAccountId: account?.id,
      action: kind === 'admin_page' ? 'admin.sign_in' : 'account.sign_in',
      subjectType: 'account',
      subjectId: account?.id,
      outcome: 'refused',
      detail: account === undefined ? 'no such account' : notAllowed ? 'not an administrator' : 'wrong password',
    }),
  );
}
