import type { Route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import { type ErrorCode, errorCodes } from '#kit/error-codes.ts';

/** Answered before a route is found: any method or path may meet them. */
export const unroutedCodes: readonly ErrorCode[] = ['not_found', 'method_not_allowed'];

/** Never leave the process: a slice turns them into a code of its own contract. */
export const internalCodes: readonly ErrorCode[] = ['blob_conflict'];

/** What a route answers by being mounted as it is; its own `errors` come on top. */
function impliedErrors(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = ['internal_error'];
  if (route.limit !== undefined) codes.push('rate_limited', 'rate_limit_unavailable');
  if (route.access !== 'anyone') codes.push('authentication_required', 'setup_required');
  // Where the caller came by a cookie.
  if (route.access !== 'anyone' && route.method !== 'GET' && route.method !== 'HEAD') codes.push('csrf_failed');
  // Lineage and a relay stand on no database.
  if (route.limit !== undefined && !/^(viewer_static$|lineage_|relay_)/.test(route.limit)) {
    codes.push('metadata_unavailable', 'shutting_down');
    // SQLite and its log live on the same disk as the blobs.
    if (route.method !== 'GET') codes.push('storage_full');
  }
  if (route.access === 'admin') codes.push('forbidden');
  if (route.json !== undefined) codes.push('invalid_json', 'invalid_request', 'request_too_large', 'request_timeout');
  if (route.query !== undefined) codes.push('invalid_request');
  if (route.body !== undefined) codes.push('request_timeout');
  return codes;
}

export interface ErrorAnswers {
  status: number;
  codes: readonly ErrorCode[];
}

/** Every code of a route, by status, both in the order of their numbers and of the registry. */
export function errorsOf(route: Route): ErrorAnswers[] {
  const declared = new Set<ErrorCode>([...route.errors, ...impliedErrors(route)]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of registeredCodes()) {
    if (!declared.has(code)) continue;
    const status = statusOf(errorCodes[code].kind);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => ({ status, codes }));
}

export function registeredCodes(): ErrorCode[] {
  return Object.keys(errorCodes) as ErrorCode[]; // the keys of the registry are its type
}
