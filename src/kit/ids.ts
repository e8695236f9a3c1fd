/**
 * Ids are a prefix and 26 characters of Crockford base32: 48 bits of milliseconds, then 80 random bits.
 * The time in front keeps index inserts at the right edge of the tree; the random part makes an id unguessable.
 */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export type IdPrefix =
  | 'inc'
  | 'str'
  | 'chk'
  | 'chi'
  | 'itk'
  | 'acct'
  | 'ses'
  | 'del'
  | 'dit'
  | 'upo'
  | 'aud'
  | 'req'
  | 'run'
  | 'dep'
  | 'doc'
  | 'fld'
  | 'top'
  | 'shr'
  | 'grp'
  | 'job'
  | 'con'
  | 'upl'
  | 'rft'
  | 'fam'
  | 'cgr'
  | 'sup'
  | 'sfc'
  | 'cap';

/** Asking the system for 16 bytes at a time costs more than everything else here. */
const pool = new Uint8Array(4096);
let used = pool.length;

export function newId(prefix: IdPrefix, atMs: number = Date.now()): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += 16;
  let tail = '';
  for (const byte of random) tail += alphabet.charAt(byte & 31);
  return `${idsSince(prefix, atMs)}${tail}`;
}

/** What the ids of that moment begin with: those from then on are not less than this, those before it are. */
export function idsSince(prefix: IdPrefix, atMs: number): string {
  let time = '';
  let rest = atMs;
  for (let i = 0; i < 10; i++) {
    time = alphabet.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  return `${prefix}_${time}`;
}

/** When an id was made, by its first ten characters after the prefix, in milliseconds. */
export function idTime(withoutPrefix: string): number {
  let ms = 0;
  for (const character of withoutPrefix.slice(0, 10)) ms = ms * 32 + alphabet.indexOf(character);
  return ms;
}

/** True for an id of that kind in its canonical spelling; ids of older servers (prefix and 1 to 64 word characters) count too. */
export function isId(prefix: IdPrefix, value: string): boolean {
  return value.startsWith(`${prefix}_`) && /^[A-Za-z0-9_-]{1,64}$/.test(value.slice(prefix.length + 1));
}
