import { Problem } from '#kit/errors.ts';

/** The header, where there is one. Throws invalid_idempotency_key. */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) throw new Problem('invalid_idempotency_key');
  return header;
}
