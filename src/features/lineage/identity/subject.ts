import { toHex } from '#kit/bytes.ts';

/** Longer than an address of mail may be written anywhere, and short enough for a line of audit and a key of a limit. */
const longestName = 160;

/**
 * `kind:name`, the same for the same name always. A name that is too long, or has characters that a log does not show, is cut or cleaned,
 * and keeps apart from others by a part of its hash.
 */
export async function subjectOf(kind: string, name: string): Promise<string> {
  const clean = name.replace(/[^\p{L}\p{N}\p{P}\p{S}]/gu, '_');
  if (clean === name && name.length <= longestName) return `${kind}:${name}`;
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(name));
  return `${kind}:${clean.slice(0, longestName - 17)}~${toHex(new Uint8Array(hash, 0, 8))}`;
}
