import type { Caller, CallerIdentifier } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { hashSecret, sameDigest } from '#platform/process/secrets.ts';
import { administratorExists, type SessionRow, sessionHolder } from './accounts.store.ts';

/**
 * Identifies callers by their session. Reads the database each time, so that a revocation counts from the next request on,
 * on every node.
 */
export function sessionIdentifier(deps: { metadata: Metadata }, kind: SessionRow['kind']): CallerIdentifier {
  const { read } = deps.metadata;
  // Administrators are never removed, so once there is one the question need not be asked again.
  let isSetUp = false;
  return {
    async identify(token): Promise<Caller | undefined> {
      if (!isSetUp) {
        isSetUp = await administratorExists(read);
        if (!isSetUp) throw new Problem('setup_required');
      }
      if (token === undefined) return undefined;
      const hash = hashSecret(token);
      const session = await sessionHolder(read, kind, hash);
      if (session === undefined || !sameDigest(session.token_hash, hash)) return undefined;
      if (session.revoked_at !== null || session.expires_at <= timestamp(Date.now())) return undefined;
      return {
        accountId: session.account_id,
        username: session.username,
        role: session.role,
        sessionId: session.session_id,
      };
    },
  };
}
