import { auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { hashSecret, newSecret } from '#platform/process/secrets.ts';
import type { AccountRow } from '../accounts.store.ts';
import { openSessionTransaction } from '../accounts.transactions.ts';
import { type Credentials, checkCredentials, type SignInDeps } from '../check-credentials.ts';
import { cookieOf } from './cookies.ts';
import { deviceTokenTtlMs, newDeviceToken } from './device-token.ts';
import { csrfToken, newFamilyToken } from './tokens.ts';

/** Milliseconds. */
export interface BrowserTtls {
  /** Of a session: so long a revoked family can go on at most where nobody asks the database. */
  browserSessionTtlMs: number;
  /** From sign-in to the next, however often it is renewed. */
  browserSignInTtlMs: number;
}

export interface SignedInBrowser {
  sessionId: string;
  account: AccountRow;
  csrfToken: string;
  expiresAt: string;
  /** When only a new sign-in helps. */
  signInExpiresAt: string;
  /** For the answer. */
  cookies: readonly string[];
}

/** Begins a family: a session for a browser, and what renews it. The one that the browser had ends. Throws what checkCredentials throws. */
export async function signInBrowser(
  deps: SignInDeps,
  input: Omit<Credentials, 'kind'> & { refreshToken?: string | undefined },
  ttls: BrowserTtls,
): Promise<SignedInBrowser> {
  const account = await checkCredentials(deps, { ...input, kind: 'browser' });
  const now = Date.now();
  const family = newSecret();
  const [session, refresh] = [newFamilyToken(family), newFamilyToken(family)];
  const familyId = newId('fam', now);
  const sessionId = newId('ses', now);
  const createdAt = timestamp(now);
  const signInExpiresAt = timestamp(now + ttls.browserSignInTtlMs);
  const ttlMs = Math.min(ttls.browserSessionTtlMs, ttls.browserSignInTtlMs);
  const expiresAt = timestamp(now + ttlMs);
  const shared = { account_id: account.id, family_id: familyId, created_at: createdAt };
  await deps.metadata.write(openSessionTransaction, {
    session: { ...shared, id: sessionId, token_hash: hashSecret(session), kind: 'browser', expires_at: expiresAt },
    refreshToken: { ...shared, id: newId('rft', now), token_hash: hashSecret(refresh), expires_at: signInExpiresAt },
    replacedTokenHash: input.refreshToken === undefined ? undefined : hashSecret(input.refreshToken),
    passwordHash: account.password_hash,
    audit: auditEntry({
      actor: 'account',
      actorAccountId: account.id,
      ownerAccountId: account.id,
      action: 'account.sign_in',
      subjectType: 'session',
      subjectId: sessionId,
      detail: 'browser',
    }),
  });
  return {
    sessionId,
    account,
    csrfToken: csrfToken(session),
    expiresAt,
    signInExpiresAt,
    cookies: [
      cookieOf('session', session, ttlMs),
      cookieOf('refresh', refresh, ttls.browserSignInTtlMs),
      cookieOf('device', newDeviceToken(account), deviceTokenTtlMs),
    ],
  };
}
