import { type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';

export const assertionAudience = 'proofline-core';
/** An assertion lives at most so long, whatever it says. Seconds. */
const longestLife = 60;
/** What the clocks of relay and core may differ by. Seconds. */
const clockTolerance = 5;
/** Of one of ours half as many. Characters. */
const longest = 1_024;

export interface RelayKey {
  relay: string;
  key: KeyObject;
}

export interface Assertion {
  relay: string;
  jti: string;
  /** From then on it is refused. Milliseconds since 1970. */
  endsAtMs: number;
}

/** Nothing else may be in it: a header that asks for what is not known here is not understood (RFC 7515, `crit`). */
const headerShape = z.strictObject({
  alg: z.enum(['EdDSA', 'Ed25519']),
  kid: z.string(),
  typ: z.literal('JWT').optional(),
});

const claimsShape = z.object({
  iss: z.string(),
  aud: z.literal(assertionAudience),
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
});

/**
 * What a compact JWS (RFC 7515) asserts, if a key of a relay signed it, it is meant for this server, and it is fresh; else undefined. By hand,
 * because it is asked for every chunk and every reader: a library verifies in another thread, and the way there and back costs more
 * than the signature. One algorithm, of which the key is, and never what the header says.
 */
export function verifyAssertion(
  jws: string,
  keyOf: (kid: string) => RelayKey | undefined,
  nowMs: number,
): Assertion | undefined {
  const [header = '', payload = '', signature = '', ...more] = jws.length > longest ? [] : jws.split('.');
  const parts = [header, payload, signature];
  if (more.length > 0 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  const kid = headerShape.safeParse(jsonOf(header)).data?.kid;
  const signer = kid === undefined ? undefined : keyOf(kid);
  if (signer === undefined) return undefined;
  // Before anything of the claims is looked at.
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify(null, signed, signer.key, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = claimsShape.safeParse(jsonOf(payload)).data;
  if (claims === undefined || claims.iss !== signer.relay) return undefined;
  const { exp, iat, jti } = claims;
  const now = nowMs / 1000;
  if (exp - iat > longestLife || iat > now + clockTolerance || exp + clockTolerance <= now) return undefined;
  return { relay: signer.relay, jti, endsAtMs: (exp + clockTolerance) * 1000 };
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}
