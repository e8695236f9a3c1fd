import { randomBytes } from 'node:crypto';

/** Would not run in a Worker: for the test of the check on its bundle. */
export function identityFrom(): never {
  throw new Error(randomBytes(1).toString('hex'));
}
