import { fixedStart } from './pattern.ts';
import type { Rule } from './rule.ts';

/** One issuer for all of GitHub: everybody there gets a token from it, for any audience. */
export const publicGithub = 'https://token.actions.githubusercontent.com';

/** Nobody but their holder chooses these, so a fixed value is one owner, one repository or one enterprise. */
const fixedClaims = ['repository_owner', 'repository_owner_id', 'repository_id', 'enterprise', 'enterprise_id'];

/** Whether a rule says whose workflows it means. A branch or the name of a reusable workflow says nothing about that. */
export function pinsOwner({ match }: Rule): boolean {
  return match.some(({ claim, patterns }) => patterns.every((pattern) => isPinned(claim, pattern)));
}

function isPinned(claim: string, pattern: string): boolean {
  if (fixedClaims.includes(claim)) return !pattern.includes('*');
  const start = fixedStart(pattern);
  if (claim === 'repository') return /^[^/]+\//.test(start);
  // By default `repo:OWNER/NAME:…`.
  return claim === 'sub' && /^repo:[^/]+\//.test(start);
}
