import { isUnlockWord, unlockedSeconds, unlockWord } from './link-signature.ts';
import type { LinkRow } from './links.store.ts';

/** With the prefix browsers take it from https alone. One for each link that a browser has opened. */
function nameOf(link: LinkRow, secure: boolean): string {
  return `${secure ? '__Secure-' : ''}proofline_${link.id}`;
}

export function unlockCookie(link: LinkRow, secure: boolean, nowMs: number): string {
  return `${nameOf(link, secure)}=${unlockWord(link, nowMs)}; Path=/s; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}; Max-Age=${unlockedSeconds}`;
}

/** Whether the visitor has given the password lately, or none is asked for. */
export function isUnlocked(link: LinkRow, cookies: string | undefined, secure: boolean, nowMs: number): boolean {
  if (link.password_hash === null) return true;
  const start = `${nameOf(link, secure)}=`;
  const pair = cookies?.split(';').find((one) => one.trim().startsWith(start));
  return pair !== undefined && isUnlockWord(link, pair.trim().slice(start.length), nowMs);
}
