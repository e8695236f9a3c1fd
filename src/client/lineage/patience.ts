import { ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import type { PersistOptions } from '../upload/persist.ts';

export interface Patience extends Pick<PersistOptions, 'baseMs' | 'maxMs' | 'sleep' | 'random' | 'onRetry'> {
  /** How long a call is tried again, in milliseconds since its start. Default five minutes. */
  readonly giveUpAfterMs?: number | undefined;
  /** Gets another token in place of one that expired meanwhile; false when there is none. */
  readonly reauthenticate?: PersistOptions['reauthenticate'];
}

/** Answers after which the same request may well be accepted. 408 is the server's word for a request that took too long. */
const passingStatus = new Set([408, 429, 502, 503, 504]);

/** A CI job has to end some time, so unlike a recorder it gives up: the last failure is then the one that is thrown. */
export function patient(options: Patience, signal?: AbortSignal): PersistOptions {
  const { giveUpAfterMs = 300_000, ...rest } = options;
  const end = performance.now() + giveUpAfterMs;
  return { ...rest, signal, passing: (error) => isPassing(error) && performance.now() + neededMs(error) < end };
}

function isPassing(error: Error): boolean {
  if (error instanceof ProoflineNetworkError) return error.reason !== 'answer';
  return error instanceof ProoflineApiError && passingStatus.has(error.status);
}

function neededMs(error: Error): number {
  return error instanceof ProoflineApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}
