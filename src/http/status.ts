import type { ErrorKind } from '#kit/error-codes.ts';

const statusOfKind: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  gone: 410,
  precondition: 412,
  too_large: 413,
  locked: 423,
  range: 416,
  rate_limited: 429,
  internal: 500,
  corrupt: 500,
  unavailable: 503,
  storage_full: 507,
};

export function statusOf(kind: ErrorKind): number {
  return statusOfKind[kind];
}
