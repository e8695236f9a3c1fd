import { types } from 'node:util';

/**
 * Whether structured clone will carry a value; checked before the commit, since afterwards there would be no way back.
 * The common shapes are told apart quickly, everything else is tried.
 */
export function canCross(value: unknown): boolean {
  if (value === null) return true;
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return false;
    case 'object':
      break;
    default:
      return true;
  }
  if (Array.isArray(value)) return value.every(canCross);
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype === Object.prototype || prototype === null) && !types.isProxy(value)) {
    return Object.values(value).every(canCross);
  }
  if (value instanceof Uint8Array || value instanceof Date) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
