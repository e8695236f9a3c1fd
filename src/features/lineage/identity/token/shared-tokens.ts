import { Problem } from '#kit/errors.ts';
import type { Action, LineageIdentity } from '../identity.ts';
import { bearerOf } from '../presented.ts';
import { digestOf, sameDigest } from './same-digest.ts';

export interface SharedToken {
  readonly subject: string;
  readonly secret: string;
  /** Everywhere. */
  readonly actions: readonly Action[];
}

/** Whoever has a token is its subject. */
export function sharedTokens(tokens: readonly SharedToken[]): LineageIdentity {
  return {
    async identify(headers) {
      const presented = bearerOf(headers);
      if (presented === undefined) throw new Problem('authentication_required');
      const digest = await digestOf(presented);
      let found: SharedToken | undefined;
      for (const token of tokens) if (sameDigest(digest, await digestOf(token.secret))) found = token;
      if (found === undefined) throw new Problem('authentication_required');
      const { actions, subject } = found;
      return { subject, may: (action) => actions.includes(action) };
    },
  };
}
