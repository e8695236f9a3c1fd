import { object, optional, read, text } from '../shape.ts';

/** The server answered, and said no. */
export class ProoflineApiError extends Error {
  readonly status: number;
  /** From the server's registry; `unexpected_answer` when the answer was none of Proofline's, as from a proxy. */
  readonly code: string;
  /** From `Retry-After`, in seconds, when the server named a time. */
  readonly retryAfterSeconds: number | undefined;
  /** The whole JSON answer, for codes whose contract puts more beside `error`. */
  readonly body: unknown;

  constructor(
    status: number,
    code: string,
    message: string,
    details: { retryAfterSeconds?: number | undefined; body?: unknown } = {},
  ) {
    super(message);
    this.name = 'ProoflineApiError';
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.body = details.body;
  }
}

/**
 * No usable answer came: the connection failed, was cut or took too long, or the answer could not be read. Always ambiguous:
 * the request may have had its effect, so only what is safe to repeat may be repeated.
 */
export class ProoflineNetworkError extends Error {
  readonly reason: 'connection' | 'timeout' | 'answer';

  constructor(reason: 'connection' | 'timeout' | 'answer', message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'ProoflineNetworkError';
    this.reason = reason;
  }
}

/** True when the request may have had an effect all the same: no answer, or one that came from a failure on the way. */
export function isAmbiguous(error: unknown): boolean {
  return error instanceof ProoflineNetworkError || (error instanceof ProoflineApiError && error.status >= 500);
}

const errorBody = object({ error: object({ code: text, message: optional(text) }) });

/** Makes the error out of an answer that is not 2xx. Reads the body. */
export async function errorFromAnswer(answer: Response): Promise<ProoflineApiError> {
  const retryAfterSeconds = parseRetryAfter(answer.headers.get('retry-after'), Date.now());
  let body: unknown;
  try {
    body = JSON.parse(await answer.text());
  } catch {
    // A proxy's page, or an answer cut short: the status still tells enough.
  }
  const parsed = read(errorBody, body);
  if ('problems' in parsed) {
    const message = `The server answered ${answer.status} without saying why. Is this address a Proofline server?`;
    return new ProoflineApiError(answer.status, 'unexpected_answer', message, { retryAfterSeconds });
  }
  const { code, message = code } = parsed.value.error;
  return new ProoflineApiError(answer.status, code, message, { retryAfterSeconds, body });
}

/** RFC 9110 section 10.2.3: seconds, or an HTTP date. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - nowMs) / 1000));
}
