import { type ErrorCode, type ErrorKind, errorCodes } from './error-codes.ts';

export interface ProblemOptions {
  /** Replaces the registry's message. Never carries a secret, a path, an object key or a rejected value. */
  message?: string;
  /** Merged into the JSON answer beside `error`, for codes whose contract says so. */
  body?: Record<string, unknown>;
  /** When a retry makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The one error class of the domain: a code from the registry. HTTP maps its kind to a status, the CLI to an exit code. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly body: Record<string, unknown> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(
      options.message ?? errorCodes[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'Problem';
    this.code = code;
    this.kind = errorCodes[code].kind;
    this.body = options.body;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isProblem(error: unknown, code?: ErrorCode): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code);
}

/** A Problem as plain data, for crossing a thread boundary. */
export interface ProblemData {
  code: ErrorCode;
  message: string;
  body?: Record<string, unknown>;
  retryAfterSeconds?: number;
}

export function problemToData(problem: Problem): ProblemData {
  return {
    code: problem.code,
    message: problem.message,
    ...(problem.body === undefined ? {} : { body: problem.body }),
    ...(problem.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: problem.retryAfterSeconds }),
  };
}

export function problemFromData(data: ProblemData): Problem {
  const { code, ...options } = data;
  return new Problem(code, options);
}
