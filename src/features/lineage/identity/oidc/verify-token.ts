import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import type { Claims } from '../rules/claims.ts';
import type { Issuer } from './issuer.ts';
import type { KeyCache } from './key-cache.ts';

/** Seconds by which two clocks may differ. */
const clockTolerance = 60;

/** Nothing about the token but which of its parts is wrong. For the log of the operator; its sender is not told. */
export class TokenRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TokenRefused';
  }
}

/** What a token says, if its issuer says so now. Throws TokenRefused, and identity_unavailable without looking at signatures. */
export async function verifyToken(token: string, issuer: Issuer, keys: KeyCache, nowMs: number): Promise<Claims> {
  const verified = await verifySigned(token, issuer, keys, nowMs);
  assertType(verified.protectedHeader, verified.payload, issuer);
  assertTimes(verified.payload, issuer, nowMs / 1000);
  return verified.payload;
}

async function verifySigned(token: string, issuer: Issuer, cache: KeyCache, nowMs: number) {
  let unavailable: unknown;
  try {
    return await jwtVerify(
      token,
      // Called for the pinned algorithms alone.
      async (header, jws) => {
        const keys = await cache.keysFor(header.kid).catch((error) => {
          unavailable = error;
          throw error;
        });
        return await keys.find(header, jws);
      },
      {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: [...issuer.algorithms],
        requiredClaims: ['exp'],
        clockTolerance,
        currentDate: new Date(nowMs),
      },
    );
  } catch (error) {
    if (unavailable !== undefined) throw unavailable;
    throw new TokenRefused(reasonOf(error));
  }
}

/**
 * RFC 8725, 3.11: an issuer signs other things than tokens for us with the same keys (for logging out, as a proof of possession), and
 * says so in `typ`. Access does in the claim `type`.
 */
function assertType({ typ }: JWTHeaderParameters, { type }: JWTPayload, { kind }: Issuer): void {
  const expected = kind === 'issuer' ? ['jwt', 'at+jwt'] : ['jwt'];
  if (typ !== undefined && !expected.includes(typ.toLowerCase().replace(/^application\//, '')))
    throw new TokenRefused('typ');
  if (kind === 'access' && type !== undefined && type !== 'app') throw new TokenRefused('type');
}

/** What is left when jose has looked at `exp` and `nbf`. */
function assertTimes({ exp = 0, iat }: JWTPayload, { longestLifetimeSeconds: longest }: Issuer, now: number): void {
  if (iat !== undefined && iat > now + clockTolerance) throw new TokenRefused('iat');
  if (longest !== undefined && (iat === undefined || exp - iat > longest)) throw new TokenRefused('lifetime');
}

/** The claim, or jose's code. Whatever a key of the issuer's or a token makes the platform throw counts as a token that is wrong. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) return error.claim;
  return error instanceof errors.JOSEError ? error.code : 'the key does not work';
}
