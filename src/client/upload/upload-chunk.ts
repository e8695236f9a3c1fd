import type { ProoflineApi } from '../api/api.ts';
import { isAmbiguous, ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import type { ChunkFacts } from '../api/chunk-facts.ts';
import { type BackoffOptions, backoffMs, sleep } from './backoff.ts';

export interface UploadDeps {
  readonly api: Pick<ProoflineApi, 'putChunk' | 'reconcile'>;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random?: () => number;
  /** Signs in again after a 401. False, or absent: a 401 is final. May throw a network error, which is waited out. */
  readonly reauthenticate?: (signal?: AbortSignal) => Promise<boolean>;
}

export interface ChunkUpload {
  readonly facts: ChunkFacts;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Made once for the chunk and kept with it: also a later process must send the same one. */
  readonly idempotencyKey: string;
}

export interface UploadOptions extends BackoffOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for one try, in milliseconds. Default: 30 s and the time the bytes take at 8 KiB/s. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Tries before giving up as `unsettled`. Default: no end, because evidence does not expire. */
  readonly maxAttempts?: number | undefined;
  /** Told before each wait, so that a person can see why nothing moves. */
  readonly onRetry?: (retry: { attempt: number; waitMs: number; error: Error }) => void;
}

export type UploadOutcome =
  /** It is on durable storage. `how`: by this answer, by an earlier one repeated, or found there by asking. */
  | {
      readonly status: 'accepted';
      readonly how: 'uploaded' | 'replayed' | 'reconciled';
      readonly chunkId: string;
      readonly attempts: number;
    }
  /** It never will be: repeating cannot help. */
  | { readonly status: 'refused'; readonly code: string; readonly message: string; readonly attempts: number }
  /** Only with `maxAttempts`: it may be there or not. */
  | { readonly status: 'unsettled'; readonly error: Error; readonly attempts: number };

/** Refusals that lie in the moment, not in the request. A clock that is ahead is overtaken by the server's. */
const passing = new Set(['rate_limited', 'upload_in_progress', 'request_timeout', 'source_clock_skew']);
/** The bytes were damaged on the way: sent again they may arrive whole, but not for ever. */
const damaged = new Set(['hash_mismatch', 'length_mismatch']);
const damagedTries = 3;

/**
 * Uploads one chunk until it is settled, under the same idempotency key at every try. After an ambiguous outcome it first
 * asks whether the chunk arrived, which costs less than sending it again. Throws only the signal's reason, or a defect.
 */
export async function uploadChunk(
  deps: UploadDeps,
  upload: ChunkUpload,
  options: UploadOptions = {},
): Promise<UploadOutcome> {
  const { signal, maxAttempts = Number.POSITIVE_INFINITY } = options;
  const timeoutMs = options.attemptTimeoutMs ?? 30_000 + upload.bytes.length / 8.192;
  let askFirst = false;
  let damages = 0;
  let signedInAgain = false;
  for (let attempt = 1; ; attempt++) {
    let error: Error;
    try {
      const found = askFirst ? await settleByAsking(deps, upload, attempt, { signal }) : undefined;
      if (found) return found;
      const answer = await deps.api.putChunk(upload.facts, upload.bytes, {
        idempotencyKey: upload.idempotencyKey,
        signal,
        timeoutMs,
      });
      return {
        status: 'accepted',
        how: answer.replayed ? 'replayed' : 'uploaded',
        chunkId: answer.chunk.id,
        attempts: attempt,
      };
    } catch (thrown) {
      signal?.throwIfAborted();
      error = asUploadError(thrown);
    }
    askFirst ||= isAmbiguous(error);
    const refusal = error instanceof ProoflineApiError ? error : undefined;
    if (refusal?.status === 401) {
      // Straight after signing in, a second 401 is an answer and not an expired session.
      const again: boolean | 'later' = signedInAgain ? false : await signInAgain(deps, signal);
      if (again === false) return refused(refusal, attempt);
      signedInAgain = again === true;
      if (signedInAgain) continue;
    } else {
      signedInAgain = false;
    }
    if (refusal && damaged.has(refusal.code)) {
      damages += 1;
      if (damages >= damagedTries) return refused(refusal, attempt);
    } else if (refusal && isConflict(refusal)) {
      // An earlier try, of this process or of one before it, may have been accepted before the state changed.
      const settled = await settleConflict(deps, upload, refusal, attempt, signal);
      if (settled) return settled;
    } else if (refusal && isFinal(refusal)) {
      return refused(refusal, attempt);
    }
    if (attempt >= maxAttempts) return { status: 'unsettled', error, attempts: attempt };
    const waitMs = backoffMs(
      attempt,
      options,
      deps.random ?? Math.random,
      error instanceof ProoflineApiError ? error.retryAfterSeconds : 0,
    );
    options.onRetry?.({ attempt, waitMs, error });
    await (deps.sleep ?? sleep)(waitMs, signal);
  }
}

function isConflict(error: ProoflineApiError): boolean {
  return error.status === 409 && !passing.has(error.code);
}

function isFinal(error: ProoflineApiError): boolean {
  return error.status < 500 && error.status !== 401 && error.status !== 429 && !passing.has(error.code);
}

async function settleByAsking(
  deps: UploadDeps,
  upload: ChunkUpload,
  attempts: number,
  options: { signal: AbortSignal | undefined },
): Promise<UploadOutcome | undefined> {
  const found = await deps.api.reconcile(upload.facts, options);
  if (found.status === 'absent') return undefined;
  if (found.status === 'matched') return { status: 'accepted', how: 'reconciled', chunkId: found.chunk_id, attempts };
  const fields = found.mismatched_fields.length > 0 ? ` It differs in ${found.mismatched_fields.join(', ')}.` : '';
  return {
    status: 'refused',
    code: 'duplicate_chunk_conflict',
    message: `Another chunk stands under this number.${fields}`,
    attempts,
  };
}

/** Undefined when the question itself found no answer: then the wait and the next try follow. */
async function settleConflict(
  deps: UploadDeps,
  upload: ChunkUpload,
  error: ProoflineApiError,
  attempts: number,
  signal: AbortSignal | undefined,
): Promise<UploadOutcome | undefined> {
  try {
    const settled = await settleByAsking(deps, upload, attempts, { signal });
    // Refused as a duplicate and yet absent: the other request is not done. Anything else is a refusal that stands.
    return settled ?? (error.code === 'duplicate_chunk' ? undefined : refused(error, attempts));
  } catch (thrown) {
    signal?.throwIfAborted();
    asUploadError(thrown);
    return undefined;
  }
}

/** 'later' when signing in failed on the network. */
async function signInAgain(deps: UploadDeps, signal: AbortSignal | undefined): Promise<boolean | 'later'> {
  if (!deps.reauthenticate) return false;
  try {
    return await deps.reauthenticate(signal);
  } catch (thrown) {
    signal?.throwIfAborted();
    const error = asUploadError(thrown);
    if (isAmbiguous(error) || (error instanceof ProoflineApiError && error.status === 429)) return 'later';
    return false;
  }
}

function refused(error: ProoflineApiError, attempts: number): UploadOutcome {
  return { status: 'refused', code: error.code, message: error.message, attempts };
}

function asUploadError(thrown: unknown): ProoflineApiError | ProoflineNetworkError {
  if (thrown instanceof ProoflineApiError || thrown instanceof ProoflineNetworkError) return thrown;
  throw thrown;
}
