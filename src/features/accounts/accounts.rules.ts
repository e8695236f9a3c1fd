import { Problem } from '#kit/errors.ts';

/** Usernames are compared in lower case; what is stored is what is compared. */
export function normaliseUsername(username: string): string {
  const name = username.trim().toLowerCase();
  if (!/^[a-z0-9][a-z0-9._@-]{2,63}$/.test(name)) throw new Problem('invalid_username');
  return name;
}

/** bcrypt reads 72 bytes and stops at NUL: longer or such passwords are refused, not cut. */
export function assertPassword(password: string): void {
  const size = Buffer.byteLength(password, 'utf8');
  if (size < 12 || size > 72 || password.includes('\0') || !password.isWellFormed())
    throw new Problem('invalid_password');
}
