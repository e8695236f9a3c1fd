import { Problem } from '#kit/errors.ts';
import type { LineageCaller, LineageIdentity } from '../identity.ts';
import type { Issuer } from '../oidc/issuer.ts';
import { type IdentityReport, oidcIdentity } from '../oidc/oidc-identity.ts';

export const bearer = (token: string) => new Headers({ Authorization: `Bearer ${token}` });

/** The code of the refusal, or the caller. Anything but a Problem is a defect, and thrown. */
export async function outcomeOf(identity: LineageIdentity, headers: Headers): Promise<LineageCaller | string> {
  try {
    return await identity.identify(headers);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.code;
  }
}

/** Everybody who has a token may send the runs of acme. */
export const anySubject = {
  match: [{ claim: 'sub', patterns: ['*'] }],
  organization: { fixed: 'acme' },
  actions: ['ingest'],
} as const;

export function identityFor(issuers: readonly Issuer[]) {
  const reports: IdentityReport[] = [];
  const identity = oidcIdentity({
    issuers,
    rules: [anySubject],
    clock: Date.now,
    report: (report) => reports.push(report),
  });
  return { identity, reports };
}
