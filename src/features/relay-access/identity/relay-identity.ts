import { errors, jwtVerify } from 'jose';
import { Problem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { sameSecret } from '#platform/process/secrets.ts';
import type { RelayKeys } from './relay-keys.ts';

export const assertionAudience = 'proofline-core';
/** An assertion lives at most so long, whatever it says. Seconds. */
export const longestAssertion = 60;
/** What the clocks of relay and core may differ by. Seconds. */
const clockTolerance = 5;

export interface RelayIdentity {
  /** The relay's id. Whatever is wrong with what it shows: relay_unauthenticated. */
  identify(bearer: string | undefined): Promise<string>;
}

export interface IdentityOptions {
  keys: RelayKeys | undefined;
  /** Empty: none. */
  staticToken: string;
  coordinator: Coordinator;
}

/**
 * Who a relay is: an assertion signed with one of its keys, each used once. That it was used is a lease which nobody gives back; nodes
 * with coordination share it.
 */
export function relayIdentity({ keys, staticToken, coordinator }: IdentityOptions): RelayIdentity {
  return {
    async identify(bearer) {
      if (bearer === undefined) throw new Problem('relay_unauthenticated');
      if (staticToken !== '' && sameSecret(bearer, staticToken)) return 'static';
      if (keys === undefined) throw new Problem('relay_unauthenticated');
      const { verify, relayOf } = await keys.current();
      const { payload, protectedHeader } = await jwtVerify(bearer, verify, {
        algorithms: ['EdDSA', 'Ed25519'],
        audience: assertionAudience,
        clockTolerance,
        maxTokenAge: longestAssertion,
        requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti'],
      }).catch((cause: unknown) => {
        if (cause instanceof errors.JOSEError) throw new Problem('relay_unauthenticated', { cause });
        throw cause;
      });
      const { iss, iat, exp, jti } = payload;
      const signer = relayOf.get(protectedHeader.kid ?? '');
      if (signer === undefined || iss !== signer || typeof jti !== 'string' || !/^[A-Za-z0-9_-]{16,64}$/.test(jti))
        throw new Problem('relay_unauthenticated');
      if (iat === undefined || exp === undefined || exp - iat > longestAssertion)
        throw new Problem('relay_unauthenticated');
      const untilMs = (exp + clockTolerance) * 1000 - Date.now();
      const first = await coordinator.lease(`relay-assertion:${signer}:${jti}`, Math.max(1_000, Math.ceil(untilMs)));
      if (first === undefined) throw new Problem('relay_unauthenticated');
      return signer;
    },
  };
}
