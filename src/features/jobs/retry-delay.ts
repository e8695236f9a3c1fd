export interface RetryPace {
  retryDelayMs: number;
  maxRetryDelayMs: number;
}

/**
 * Twice as long after each attempt, up to the longest, and then anything from half of it to all of it, so that jobs which failed together
 * do not come back together. `random` is from 0 to below 1.
 */
export function retryDelay(attempts: number, pace: RetryPace, random: number): number {
  const whole = Math.min(pace.maxRetryDelayMs, pace.retryDelayMs * 2 ** Math.min(attempts - 1, 40));
  return Math.round(whole * (0.5 + random / 2));
}
