import { auditEntry } from '#features/audit/index.ts';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret } from '#platform/process/secrets.ts';
import { accountById } from '../accounts.store.ts';
import { refreshTokenByHash } from './browser.store.ts';
import { refreshSessionTransaction } from './browser.transactions.ts';
import { cookieOf } from './cookies.ts';
import type { BrowserTtls, SignedInBrowser } from './sign-in-browser.ts';
import { csrfToken, siblingOf, successorOf } from './tokens.ts';

/** Tabs that renew at once, and a browser whose answer was lost, come back within this. Milliseconds. */
export const refreshGraceMs = 10_000;

/**
 * A new session for the holder of a refresh token, and the token that takes its place. Undefined where it is of no use: unknown,
 * expired, revoked; or used before, and then its whole family ends.
 */
export async function refreshSession(
  deps: { metadata: Metadata },
  presented: string,
  ttls: BrowserTtls,
): Promise<SignedInBrowser | undefined> {
  const { metadata } = deps;
  const tokenHash = hashSecret(presented);
  const token = await refreshTokenByHash(metadata.read, tokenHash);
  if (token === undefined) return undefined;
  const now = Date.now();
  const session = siblingOf(presented);
  const sessionId = newId('ses', now);
  const successorId = newId('rft', now);
  const ttlMs = Math.min(ttls.browserSessionTtlMs, Date.parse(token.expires_at) - now);
  const expiresAt = timestamp(now + ttlMs);
  const refreshed = await metadata.write(refreshSessionTransaction, {
    accountId: token.account_id,
    tokenHash,
    successor: { id: successorId, token_hash: hashSecret(successorOf(presented, successorId)) },
    session: { id: sessionId, token_hash: hashSecret(session), expires_at: expiresAt },
    at: timestamp(now),
    graceFrom: timestamp(now - refreshGraceMs),
    audit: auditEntry({
      actor: 'unknown',
      ownerAccountId: token.account_id,
      action: 'account.refresh_reuse',
      subjectType: 'session_family',
      outcome: 'refused',
      detail: 'every session of it ended',
    }),
  });
  if (refreshed.state !== 'renewed') return undefined;
  const account = await accountById(metadata.read, token.account_id);
  if (account === undefined) return undefined;
  const successor = successorOf(presented, refreshed.successorId);
  return {
    sessionId,
    account,
    csrfToken: csrfToken(session),
    expiresAt,
    signInExpiresAt: refreshed.familyExpiresAt,
    cookies: [
      cookieOf('session', session, ttlMs),
      cookieOf('refresh', successor, Date.parse(refreshed.familyExpiresAt) - now),
    ],
  };
}
