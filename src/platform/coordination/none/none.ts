import { Problem } from '#kit/errors.ts';
import type { Clock } from '#kit/time.ts';
import type { Coordinator, Lease, RateDecision } from '../coordinator.ts';

interface Window {
  readonly endsAt: number;
  used: number;
}

export interface NoneOptions {
  /** Milliseconds. A clock that steps back only makes windows and leases last longer. */
  now?: Clock;
  /** Keys, and names, remembered at once. */
  capacity?: number;
}

/**
 * Coordination of one process with itself. Nothing is shared or kept: a restart opens every window and ends every lease.
 * Memory is bounded: at capacity the ended entries go first, and if none has ended, a new key is refused rather than an old
 * one forgotten, since forgetting would let a flood of keys wash its own counters away.
 */
export function noCoordination({ now = Date.now, capacity = 100_000 }: NoneOptions = {}): Coordinator {
  const windows = new Ending<Window>(capacity, now);
  const leases = new Ending<{ readonly endsAt: number }>(capacity, now);
  let closed = false;

  return {
    spansNodes: false,

    async count(key: string, limit: number, windowMs: number): Promise<RateDecision> {
      if (closed) throw new Problem('rate_limit_unavailable');
      const at = now();
      // The length is part of the key: two rules may count the same caller.
      const name = `${windowMs} ${key}`;
      let window = windows.get(name);
      if (window === undefined) {
        window = { endsAt: at - (at % windowMs) + windowMs, used: 0 };
        if (!windows.add(name, window)) throw new Problem('rate_limit_unavailable', { retryAfterSeconds: 1 });
      }
      window.used += 1;
      return { allowed: window.used <= limit, retryAfterMs: window.endsAt - at };
    },

    async peek(key: string, limit: number, windowMs: number): Promise<RateDecision> {
      if (closed) throw new Problem('rate_limit_unavailable');
      const { used, endsAt } = windows.get(`${windowMs} ${key}`) ?? { used: 0, endsAt: now() };
      return { allowed: used < limit, retryAfterMs: endsAt - now() };
    },

    async lease(name: string, ttlMs: number): Promise<Lease | undefined> {
      if (closed) throw new Problem('coordination_unavailable');
      if (leases.get(name) !== undefined) return undefined;
      const lease = { endsAt: now() + ttlMs };
      if (!leases.add(name, lease)) throw new Problem('coordination_unavailable', { retryAfterSeconds: 1 });
      return { release: async () => leases.remove(name, lease) };
    },

    async health() {
      return closed ? 'unavailable' : 'ok';
    },

    statistics: () => ({ failures: 0, takeovers: 0 }),

    async close() {
      closed = true;
    },
  };
}

/** Entries that end by themselves; at most `capacity` of them. */
class Ending<Entry extends { readonly endsAt: number }> {
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;
  readonly #now: Clock;
  /** Nothing ends before this, so a sweep before it would be in vain. */
  #nextSweepAt = 0;

  constructor(capacity: number, now: Clock) {
    this.#capacity = capacity;
    this.#now = now;
  }

  get(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.endsAt > this.#now()) return entry;
    this.#entries.delete(name);
    return undefined;
  }

  /** False when there is no room. */
  add(name: string, entry: Entry): boolean {
    if (this.#entries.size >= this.#capacity) this.#sweep();
    if (this.#entries.size >= this.#capacity) return false;
    this.#entries.set(name, entry);
    this.#nextSweepAt = Math.min(this.#nextSweepAt, entry.endsAt);
    return true;
  }

  remove(name: string, entry: Entry): void {
    if (this.#entries.get(name) === entry) this.#entries.delete(name);
  }

  #sweep(): void {
    const at = this.#now();
    if (at < this.#nextSweepAt) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const [name, { endsAt }] of this.#entries) {
      if (endsAt <= at) this.#entries.delete(name);
      else earliest = Math.min(earliest, endsAt);
    }
    this.#nextSweepAt = earliest;
  }
}
