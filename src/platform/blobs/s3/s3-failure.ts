import { Problem } from '#kit/errors.ts';

/** Codes that mean something to us. What else a store says is not repeated: an answer may carry names, keys and identifiers. */
const knownCodes = [
  'AccessDenied',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'BadDigest',
  'ConditionalRequestConflict',
  'CredentialsProviderError',
  'EntityTooLarge',
  'ExpiredToken',
  'IllegalLocationConstraintException',
  'InternalError',
  'InvalidAccessKeyId',
  'InvalidDigest',
  'InvalidRange',
  'InvalidRequest',
  'InvalidToken',
  'NoSuchBucket',
  'NoSuchKey',
  'NotFound',
  'NotImplemented',
  'OperationAborted',
  'PermanentRedirect',
  'PreconditionFailed',
  'QuotaExceeded',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'ServiceUnavailable',
  'SignatureDoesNotMatch',
  'SlowDown',
  'TimeoutError',
  'XAmzContentSHA256Mismatch',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
] as const;

export type S3Code = (typeof knownCodes)[number] | 'unknown';

/** What a request to the store came to, in words that hold no endpoint, bucket, key or secret: safe to log and to keep as a cause. */
export class S3Failure extends Error {
  /** Undefined when no answer came: it may have been carried out, or still be. */
  readonly status: number | undefined;
  readonly code: S3Code;

  constructor(status: number | undefined, code: S3Code = 'unknown') {
    super(status === undefined ? `no answer (${code})` : `${status} ${code}`);
    this.name = 'S3Failure';
    this.status = status;
    this.code = code;
  }

  /** May go better the next time, and a repeated request harms nothing. */
  get passes(): boolean {
    if (this.code === 'CredentialsProviderError') return false;
    if (this.status === undefined || this.status === 429) return true;
    if (this.status >= 500) return this.status !== 501 && this.status !== 507;
    // The SDK sets its clock by the first refusal, so that the next request is signed with the store's time.
    return this.code === 'RequestTimeout' || this.code === 'RequestTimeTooSkewed';
  }

  /** No such object, or to a HEAD no such bucket. Any other 404, of a lost bucket or a proxy, says nothing about an object. */
  get missing(): boolean {
    return this.status === 404 && (this.code === 'NoSuchKey' || this.code === 'NotFound');
  }
}

export function toCode(text: unknown): S3Code {
  return knownCodes.find((one) => one === text) ?? 'unknown';
}

/** Whatever the SDK or the network threw. Its message is dropped here: it repeats requests and answers. */
export function s3Failure(error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  if (!(error instanceof Error)) return new S3Failure(undefined);
  // The fields that the SDK's errors and Node's have; each is looked at before it is believed.
  const { $metadata, code, name } = error as {
    $metadata?: { httpStatusCode?: unknown };
    code?: unknown;
    name?: unknown;
  };
  const status = $metadata?.httpStatusCode;
  const known = [toCode(name), toCode(code)].find((one) => one !== 'unknown') ?? 'unknown';
  return new S3Failure(typeof status === 'number' ? status : undefined, known);
}

export function s3Problem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const cause = s3Failure(error);
  const full = cause.code === 'QuotaExceeded' || cause.status === 507;
  return new Problem(full ? 'storage_full' : 'storage_unavailable', { retryAfterSeconds: full ? 60 : 10, cause });
}
