import { normalName } from '../../record/names.ts';
import { type Claims, claimText } from './claims.ts';

/**
 * A name in a rule: fixed, or with one claim in it, as `${repository_owner}`. With two of them different tokens could come to the same
 * name (`a-b` and `c`, `a` and `b-c`).
 */
export type NameTemplate =
  | { readonly fixed: string }
  | { readonly before: string; readonly claim: string; readonly after: string };

/** Undefined for what is no name and no template. */
export function parseNameTemplate(text: string): NameTemplate | undefined {
  const parts = /^([^${}]*)\$\{([^${}]+)\}([^${}]*)$/.exec(text);
  if (parts !== null) {
    const [, before = '', claim = '', after = ''] = parts;
    return { before, claim, after };
  }
  const fixed = /[${}*]/.test(text) ? undefined : normalName(text);
  return fixed === undefined ? undefined : { fixed };
}

/** The name for a token, in its normal form; undefined where the token has no such claim, or one of which no name can be made. */
export function nameFor(template: NameTemplate, claims: Claims): string | undefined {
  if ('fixed' in template) return template.fixed;
  const value = claimText(claims, template.claim);
  // Nothing but punctuation would leave the fixed part alone, which is somebody else's name.
  if (value === undefined || normalName(value) === undefined) return undefined;
  return normalName(`${template.before}${value}${template.after}`);
}
