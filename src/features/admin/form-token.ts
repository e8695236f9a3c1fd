import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { sameSecret } from '#platform/process/secrets.ts';

/**
 * The token in every form: an HMAC keyed by the secret in the visitor's own HttpOnly cookie. Who cannot read the cookie cannot make it,
 * every node can check it, nothing need be stored, and it ends with the session.
 */
export function formToken(cookieValue: string): string {
  return createHmac('sha256', cookieValue).update('proofline admin form 1').digest('base64url');
}

export function isFormToken(presented: string | null, cookieValue: string): boolean {
  return presented !== null && sameSecret(presented, formToken(cookieValue));
}

/**
 * Does this POST come from a page of ours? Browsers say so in Sec-Fetch-Site; over plain http on a network they leave it out, then
 * Origin must name the host that was asked. Neither: not a browser that we can protect, so refused.
 */
export function isSameOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  // `none` is the person at the browser: a reload or a bookmark, never another page.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin, host } = headers;
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}
