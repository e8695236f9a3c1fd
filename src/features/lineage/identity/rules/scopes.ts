import type { ServiceKey } from '../../record/names.ts';
import type { Action } from '../identity.ts';
import { type Claims, claimTexts } from './claims.ts';
import { nameFor } from './name-template.ts';
import { matches } from './pattern.ts';
import type { Rule } from './rule.ts';

/** What one rule gives to one token. An absent part: all there are. */
export interface Scope extends Partial<ServiceKey> {
  readonly actions: readonly Action[];
}

const parts = ['organization', 'project', 'service'] as const;

export function scopesOf(rules: readonly Rule[], issuer: string, claims: Claims): Scope[] {
  return rules
    .filter((rule) => (rule.issuer === undefined || rule.issuer === issuer) && isMatch(rule, claims))
    .flatMap((rule) => scopeOf(rule, claims) ?? []);
}

export function isAllowed(scopes: readonly Scope[], action: Action, where: Partial<ServiceKey>): boolean {
  return scopes.some(
    (scope) =>
      scope.actions.includes(action) &&
      parts.every((part) => scope[part] === undefined || where[part] === undefined || scope[part] === where[part]),
  );
}

function isMatch({ match }: Rule, claims: Claims): boolean {
  return match.every(({ claim, patterns }) =>
    claimTexts(claims, claim).some((value) => patterns.some((pattern) => matches(pattern, value))),
  );
}

/** Undefined where a name cannot be made: a rule never gives more because a claim says less. */
function scopeOf(rule: Rule, claims: Claims): Scope | undefined {
  const names: { -readonly [Part in keyof ServiceKey]?: string } = {};
  for (const part of parts) {
    const template = rule[part];
    if (template === undefined) continue;
    const name = nameFor(template, claims);
    if (name === undefined) return undefined;
    names[part] = name;
  }
  return { actions: rule.actions, ...names };
}
