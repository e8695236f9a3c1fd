/**
 * Short-lived hints between requests and nodes: counters and leases. Never truth: the database's constraints and the blob store's
 * write-once names decide every race, also when this forgets everything.
 */
export interface Coordinator {
  /** Do other nodes see what this one counts and holds? If not, a lease says nothing that the process does not know by itself. */
  readonly spansNodes: boolean;
  /** Counts one use of `key` in a fixed window. Throws rate_limit_unavailable when it cannot count. */
  count(key: string, limit: number, windowMs: number): Promise<RateDecision>;
  /** What `count` would say of one more use, without counting it. Throws rate_limit_unavailable when it cannot tell. */
  peek(key: string, limit: number, windowMs: number): Promise<RateDecision>;
  /**
   * Takes a lease on `name`, or returns undefined while another holds it. It ends by itself after `ttlMs`, and may end earlier when
   * the process that holds it is gone. Throws coordination_unavailable when it cannot tell.
   */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  health(): Promise<'ok' | 'unavailable'>;
  statistics(): CoordinatorStatistics;
  close(): Promise<void>;
}

export interface RateDecision {
  allowed: boolean;
  /** Milliseconds until the window ends; meaningful when not allowed. */
  retryAfterMs: number;
}

export interface Lease {
  /** Gives it back early. Safe after expiry: never ends another holder's lease. Never throws: at worst the lease ends by itself. */
  release(): Promise<void>;
}

export interface CoordinatorStatistics {
  /** Questions since the start that it could not answer. */
  failures: number;
  /** Leases taken over since the start from nodes that had gone. */
  takeovers: number;
}
