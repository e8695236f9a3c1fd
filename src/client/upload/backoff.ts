export interface BackoffOptions {
  /** Ceiling of the first wait, in milliseconds. Default 500. */
  readonly baseMs?: number;
  /** Ceiling of every wait, in milliseconds; a server's Retry-After may ask for longer. Default 30 000. */
  readonly maxMs?: number;
}

/**
 * How long to wait before try `attempt + 1`, in milliseconds: anywhere between 0 and a ceiling that doubles each time.
 * Full jitter spreads out recorders that lost the same network at the same moment. `Retry-After` is a floor.
 */
export function backoffMs(
  attempt: number,
  options: BackoffOptions,
  random: () => number,
  retryAfterSeconds = 0,
): number {
  const ceiling = Math.min(options.maxMs ?? 30_000, (options.baseMs ?? 500) * 2 ** Math.min(attempt - 1, 30));
  const jittered = Math.floor(random() * ceiling);
  return retryAfterSeconds > 0 ? retryAfterSeconds * 1000 + jittered : jittered;
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
