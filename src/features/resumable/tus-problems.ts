import type { ErrorCode } from '#kit/error-codes.ts';
import { isProblem, Problem } from '#kit/errors.ts';

/** What @tus/server throws: a status and words of its own, which hold nothing of the request. */
interface TusRefusal {
  status_code: number;
  body: string;
}

const codeOfStatus: Record<number, ErrorCode> = {
  404: 'upload_not_found',
  409: 'upload_offset_conflict',
  410: 'upload_gone',
  413: 'upload_too_large',
};

/** Of its other refusals each says that a header is missing, not valid, or asks for what is not offered. */
const ofHeaders = [400, 403, 501];

/** The same in the words of this server. What is no refusal stays what it is. */
export function asProblem(error: unknown): unknown {
  if (isProblem(error) || !isRefusal(error)) return error;
  const code = codeOfStatus[error.status_code];
  if (code !== undefined) return new Problem(code);
  return ofHeaders.includes(error.status_code)
    ? new Problem('invalid_request', { message: error.body.trim() })
    : new Error(`@tus/server: ${error.body.trim()}`);
}

function isRefusal(error: unknown): error is TusRefusal {
  return (
    typeof error === 'object' &&
    error !== null &&
    'status_code' in error &&
    typeof error.status_code === 'number' &&
    'body' in error &&
    typeof error.body === 'string'
  );
}
