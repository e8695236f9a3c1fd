import { createHmac } from 'node:crypto';
import { newSecret, sameSecret } from '#platform/process/secrets.ts';
import type { AccountRow } from '../accounts.store.ts';

/** How long a browser is known after a sign-in. Milliseconds. */
export const deviceTokenTtlMs = 180 * 86_400_000;

type Key = Pick<AccountRow, 'id' | 'password_hash'>;

/**
 * Tells a browser that an account was signed in with from one that guesses its password. It opens nothing. Keyed by the hash of the
 * password, which never leaves the server: nothing need be stored, every node can check it, and it ends when the password is changed.
 */
export function newDeviceToken(account: Key): string {
  const nonce = newSecret();
  return `${nonce}.${seal(nonce, account)}`;
}

export function isDeviceToken(token: string, account: Key): boolean {
  const [nonce = '', presented = ''] = token.split('.');
  return sameSecret(presented, seal(nonce, account));
}

function seal(nonce: string, account: Key): string {
  return createHmac('sha256', account.password_hash)
    .update(`proofline device 1 ${account.id} ${nonce}`)
    .digest('base64url');
}
