import { Problem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { sameSecret } from '#platform/process/secrets.ts';
import type { RelayKeys } from './relay-keys.ts';
import { verifyAssertion } from './verify-assertion.ts';

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
      const known = await keys.current();
      const now = Date.now();
      const assertion = verifyAssertion(bearer, (kid) => known.get(kid), now);
      if (assertion === undefined) throw new Problem('relay_unauthenticated');
      const { endsAtMs, jti, relay } = assertion;
      const first = await coordinator.lease(
        `relay-assertion:${relay}:${jti}`,
        Math.max(1_000, Math.ceil(endsAtMs - now)),
      );
      if (first === undefined) throw new Problem('relay_unauthenticated');
      return relay;
    },
  };
}
