import { isAmbiguous, ProoflineApiError } from '../api/api-error.ts';
import { type BackoffOptions, backoffMs, sleep } from './backoff.ts';

export interface PersistOptions extends BackoffOptions {
  readonly signal?: AbortSignal | undefined;
  readonly sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
  readonly reauthenticate?: ((signal?: AbortSignal) => Promise<boolean>) | undefined;
  /** What is worth another try; by default whatever may pass. Asked before each wait, so it may also say that it was long enough. */
  readonly passing?: ((error: Error) => boolean) | undefined;
  readonly onRetry?: ((retry: { attempt: number; waitMs: number; error: Error }) => void) | undefined;
}

/**
 * Repeats a call until the server has answered it, whatever the network does meanwhile. Only for calls that are safe to
 * repeat. `attempt` counts from 1, so that the call can look first whether an earlier try had its effect. Throws what the
 * server refused with, or the signal's reason.
 */
export async function persist<T>(act: (attempt: number) => Promise<T>, options: PersistOptions = {}): Promise<T> {
  const { signal } = options;
  let signedInAgain = false;
  for (let attempt = 1; ; attempt++) {
    let error: unknown;
    try {
      return await act(attempt);
    } catch (thrown) {
      signal?.throwIfAborted();
      error = thrown;
    }
    if (error instanceof ProoflineApiError && error.status === 401 && options.reauthenticate && !signedInAgain) {
      try {
        if (!(await options.reauthenticate(signal))) throw error;
        signedInAgain = true;
        continue;
      } catch (thrown) {
        signal?.throwIfAborted();
        error = thrown;
      }
    } else {
      signedInAgain = false;
    }
    if (!(error instanceof Error) || !(options.passing ?? isPassing)(error)) throw error;
    const retryAfter = error instanceof ProoflineApiError ? error.retryAfterSeconds : undefined;
    const waitMs = backoffMs(attempt, options, options.random ?? Math.random, retryAfter);
    options.onRetry?.({ attempt, waitMs, error });
    await (options.sleep ?? sleep)(waitMs, signal);
  }
}

function isPassing(error: Error): boolean {
  return isAmbiguous(error) || (error instanceof ProoflineApiError && (error.status === 429 || error.status === 408));
}
