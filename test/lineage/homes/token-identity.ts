import type { LineageCaller, LineageIdentity } from '#features/lineage/identity/identity.ts';
import { bearerToken } from '#http/caller.ts';
import { Problem } from '#kit/errors.ts';

export const ingestToken = 'test-ingest-token-of-some-length';
export const readerToken = 'test-reader-token-of-some-length';

/** Two callers: one who may do all in `acme` and `beta`, one who may read `acme` alone. For tests of the homes; it compares in plain time. */
export function identityFrom(): LineageIdentity {
  const callers: Record<string, LineageCaller> = {
    [ingestToken]: {
      subject: 'token',
      may: (_, { organization }) => ['acme', 'beta', undefined].includes(organization),
    },
    [readerToken]: {
      subject: 'reader',
      may: (action, { organization }) => action === 'read' && ['acme', undefined].includes(organization),
    },
  };
  return {
    async identify(headers) {
      const caller = callers[bearerToken(headers.get('authorization') ?? undefined) ?? ''];
      if (caller === undefined) throw new Problem('authentication_required');
      return caller;
    },
  };
}
