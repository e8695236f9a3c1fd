import { decodeJwt } from 'jose';
import { Problem } from '#kit/errors.ts';
import type { Clock } from '#kit/time.ts';
import type { LineageIdentity } from '../identity.ts';
import { accessAssertionOf, bearerOf, isForeignPage } from '../presented.ts';
import { type Claims, claimText } from '../rules/claims.ts';
import type { Rule } from '../rules/rule.ts';
import { isAllowed, scopesOf } from '../rules/scopes.ts';
import { subjectOf } from '../subject.ts';
import type { Issuer } from './issuer.ts';
import { KeyCache, type KeyPatience } from './key-cache.ts';
import { TokenRefused, verifyToken } from './verify-token.ts';

/** For the log: why a token was refused, or keys could not be fetched. Has neither tokens nor their claims in it. */
export interface IdentityReport {
  readonly event: 'token_refused' | 'keys_not_fetched';
  /** Absent where the token is nobody's that is trusted. */
  readonly issuer?: string;
  readonly reason: string;
}

export interface OidcOptions {
  readonly issuers: readonly Issuer[];
  readonly rules: readonly Rule[];
  readonly clock: Clock;
  readonly report: (report: IdentityReport) => void;
  readonly patience?: KeyPatience;
}

interface Trusted {
  readonly issuer: Issuer;
  readonly keys: KeyCache;
}

/** Whoever an issuer says, and what the rules give to the claims of its token. */
export function oidcIdentity({ clock, issuers, patience, report, rules }: OidcOptions): LineageIdentity {
  const trusted = issuers.map((issuer): Trusted => {
    const onFailure = (reason: string) => report({ event: 'keys_not_fetched', issuer: issuer.issuer, reason });
    const keys = new KeyCache(issuer, { clock, onFailure, ...(patience === undefined ? {} : { patience }) });
    return { issuer, keys };
  });
  const refuse = (reason: string, issuer?: Issuer): Problem => {
    report({ event: 'token_refused', reason, ...(issuer === undefined ? {} : { issuer: issuer.issuer }) });
    return new Problem('authentication_required');
  };

  return {
    async identify(headers) {
      const presented = chosen(headers, trusted);
      if (presented === undefined) throw new Problem('authentication_required');
      const { by, token } = presented;
      if (by === undefined) throw refuse('iss');
      const { issuer, keys } = by;
      try {
        const claims = await verifyToken(token, issuer, keys, clock());
        const name = nameOf(issuer.kind, claims);
        const scopes = scopesOf(rules, issuer.issuer, claims);
        if (name === undefined) throw new TokenRefused('it does not say whose it is');
        if (scopes.length === 0) throw new TokenRefused('no rule');
        const subject = await subjectOf(issuer.kind, name);
        return { subject, may: (action, where) => isAllowed(scopes, action, where) };
      } catch (error) {
        throw error instanceof TokenRefused ? refuse(error.message, issuer) : error;
      }
    },
  };
}

/** A bearer token is what its client means, so what Access says of the way it came does not count beside it. */
function chosen(headers: Headers, trusted: readonly Trusted[]): { token: string; by: Trusted | undefined } | undefined {
  const isBearer = headers.has('authorization');
  const byAccess = isForeignPage(headers) ? undefined : accessAssertionOf(headers);
  const token = isBearer ? bearerOf(headers) : byAccess;
  if (token === undefined) return undefined;
  const said = issuerIn(token);
  return {
    token,
    by: trusted.find(({ issuer }) => (issuer.kind === 'access') !== isBearer && issuer.issuer === said),
  };
}

/** Only to choose whose keys to verify with. */
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // No JWT, so nobody's.
    return undefined;
  }
}

/** Whom a token is about. A service token of Access has an empty `sub`, and its own name. */
function nameOf(kind: Issuer['kind'], claims: Claims): string | undefined {
  const wanted = { github: ['repository'], access: ['email', 'sub', 'common_name'], issuer: ['sub'] }[kind];
  return wanted.map((claim) => claimText(claims, claim)).find((name) => name !== undefined && name !== '');
}
