/**
 * Short-lived hints between requests and nodes: counters and leases. Never truth: the database's constraints and the blob store's
 * write-once names decide every race, also when this forgets everything.
 */
export interface Coordinator {
  /** Counts one use of `key` in a fixed window. Throws rate_limit_unavailable when it cannot count. */
  count(key: string, limit: number, windowMs: number): Promise<RateDecision>;
  /**
   * Takes a lease on `name`, or returns undefined while another holds it. It ends by itself after `ttlMs`.
   * Throws coordination_unavailable when it cannot tell.
   */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  health(): Promise<'ok' | 'unavailable'>;
  close(): Promise<void>;
}

export interface RateDecision {
  allowed: boolean;
  /** Milliseconds until the window ends; meaningful when not allowed. */
  retryAfterMs: number;
}

export interface Lease {
  /** Gives it back early. Safe after expiry: never ends another holder's lease. */
  release(): Promise<void>;
}
