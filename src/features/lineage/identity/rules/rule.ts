import type { Action } from '../identity.ts';
import type { NameTemplate } from './name-template.ts';

export interface Rule {
  /** Exactly the `iss` of the tokens it is for. Absent only where one issuer alone is trusted. */
  readonly issuer?: string;
  /** All of these claims must match, each one of its patterns. */
  readonly match: readonly ClaimPatterns[];
  /** Absent: every organization. */
  readonly organization?: NameTemplate;
  /** Absent: every project of the organization. */
  readonly project?: NameTemplate;
  /** Absent: every service of the project. */
  readonly service?: NameTemplate;
  readonly actions: readonly Action[];
}

export interface ClaimPatterns {
  readonly claim: string;
  readonly patterns: readonly string[];
}
