import type { ServiceKey } from '../record/names.ts';

export const actions = ['ingest', 'read', 'admin'] as const;
/** `admin` uploads policies and flows; it implies nothing else. */
export type Action = (typeof actions)[number];

/** No service has these names: whoever may act here may act everywhere. */
export const everywhere: ServiceKey = { organization: '*', project: '*', service: '*' };

/** Whoever a token speaks for, and what the rules let it do. */
export interface LineageCaller {
  /** For the audit and for limits: who, never with what. `token`, `github:acme/shop`, `access:jo@example.org`. */
  readonly subject: string;
  /** With parts of the key missing: whether it may anywhere below. */
  may(action: Action, where: Partial<ServiceKey>): boolean;
}

export interface LineageIdentity {
  /** Throws authentication_required for a token that is missing, wrong, expired or nobody's; never says which. */
  identify(headers: Headers): Promise<LineageCaller>;
}
