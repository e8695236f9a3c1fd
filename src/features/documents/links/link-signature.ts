import { createHmac } from 'node:crypto';
import { newSecret, sameSecret } from '#platform/process/secrets.ts';
import type { LinkRow } from './links.store.ts';

/** What a link gives its visitors is signed with the link's own random key, so every node knows it again and nobody else makes it. */
function signature(link: LinkRow, ...words: readonly (string | number | null)[]): string {
  return createHmac('sha256', link.link_key).update(JSON.stringify(words)).digest('base64url');
}

const unlockedMs = 3_600_000;
export const unlockedSeconds = unlockedMs / 1000;

/** Says until when its holder need not give the password again. Another password makes it worthless. */
export function unlockWord(link: LinkRow, nowMs: number): string {
  const until = nowMs + unlockedMs;
  return `${until}.${signature(link, 'unlock', until, link.password_hash)}`;
}

export function isUnlockWord(link: LinkRow, word: string, nowMs: number): boolean {
  const [until = ''] = word.split('.');
  return (
    Number(until) > nowMs &&
    sameSecret(word, `${until}.${signature(link, 'unlock', Number(until), link.password_hash)}`)
  );
}

/** How long a download that was counted once may be continued. */
const continuedMs = 24 * 3_600_000;

/**
 * The ETag of one counted download. Who was cut off sends it back in If-Range, as RFC 9110 (13.1.5) has clients do, and goes on where
 * they were without being counted again. It is in no answer but that of a counted download.
 */
export function downloadTag(link: LinkRow, documentId: string, version: number, nowMs: number): string {
  const [until, once] = [nowMs + continuedMs, newSecret().slice(0, 12)];
  return `"${until}.${once}.${signature(link, 'download', documentId, version, until, once)}"`;
}

export function isDownloadTag(
  link: LinkRow,
  documentId: string,
  version: number,
  tag: string | undefined,
  nowMs: number,
): tag is string {
  const [, until = '', once = ''] = /^"(\d{1,15})\.([A-Za-z0-9_-]{12})\./.exec(tag ?? '') ?? [];
  if (tag === undefined || Number(until) <= nowMs) return false;
  return sameSecret(tag, `"${until}.${once}.${signature(link, 'download', documentId, version, Number(until), once)}"`);
}
