import { createHmac } from 'node:crypto';
import { newSecret, sameSecret } from '#platform/process/secrets.ts';

/**
 * A token of a browser has two halves, `<of its family>.<its own>`: the first stays from sign-in to sign-out, so that what is made
 * from it does too. The server keeps neither, only the SHA-256 of the whole.
 */
export function newFamilyToken(familySecret: string): string {
  return `${familySecret}.${newSecret()}`;
}

function familySecretOf(token: string): string {
  return token.slice(0, token.indexOf('.'));
}

/**
 * The token that takes the place of another. Asked for twice it is the same, so that a browser whose answer was lost, or whose tabs
 * came at once, gets it again; it cannot be made from the old one alone, since the id of the new row is never told to anybody.
 */
export function successorOf(token: string, successorId: string): string {
  const own = createHmac('sha256', token).update(`proofline refresh 1 ${successorId}`).digest('base64url');
  return `${familySecretOf(token)}.${own}`;
}

/** Another token of the same family. */
export function siblingOf(token: string): string {
  return newFamilyToken(familySecretOf(token));
}

/**
 * What a page of ours sends with every change, and no page of others can know: an HMAC keyed by the family's half of an HttpOnly
 * cookie. It is the same in all tabs and outlives a refresh; every node can check it, and nothing need be stored.
 */
export function csrfToken(token: string): string {
  return createHmac('sha256', familySecretOf(token)).update('proofline csrf 1').digest('base64url');
}

export function isCsrfToken(presented: string | undefined, token: string): boolean {
  return presented !== undefined && sameSecret(presented, csrfToken(token));
}
