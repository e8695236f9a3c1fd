import { createHmac } from 'node:crypto';
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
