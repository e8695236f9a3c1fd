import { Problem } from '#kit/errors.ts';
import type { Coordinator, Lease } from '#platform/coordination/coordinator.ts';

export interface Reservation {
  release(): void;
}

export interface UploadLeases {
  coordinator: Pick<Coordinator, 'lease' | 'spansNodes'>;
  ttlMs: number;
}

/**
 * Chunk identities and idempotency keys that a request is committing right now; held for milliseconds. This process's own are known
 * without asking anybody. Where nodes share a coordinator, they keep out of each other's way by leases; those only save work, and
 * whoever loses one meanwhile is stopped by the store's write-once names and by the transaction.
 */
export class UploadsInFlight {
  readonly #names = new Set<string>();
  readonly #leases: UploadLeases | undefined;

  constructor(leases?: UploadLeases) {
    this.#leases = leases?.coordinator.spansNodes === true ? leases : undefined;
  }

  /** Throws upload_in_progress while another request holds the identity or the key, coordination_unavailable when nobody can tell. */
  async reserve(...wanted: readonly (string | undefined)[]): Promise<Reservation> {
    const names = wanted.filter((name) => name !== undefined);
    if (names.some((name) => this.#names.has(name))) throw inProgress();
    for (const name of names) this.#names.add(name);
    const forget = () => {
      for (const name of names) this.#names.delete(name);
    };
    if (this.#leases === undefined) return { release: forget };
    try {
      const leases = await takeAll(this.#leases, names);
      return {
        release: () => {
          // Sent before the next request of this process can ask, and nobody waits for it: it never throws.
          for (const lease of leases) void lease.release();
          forget();
        },
      };
    } catch (error) {
      forget();
      throw error;
    }
  }

  get size(): number {
    return this.#names.size;
  }
}

/** All or none; asked together, so that they travel together. */
async function takeAll({ coordinator, ttlMs }: UploadLeases, names: readonly string[]): Promise<Lease[]> {
  const results = await Promise.allSettled(names.map((name) => coordinator.lease(`upload:${name}`, ttlMs)));
  const taken = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
  if (taken.length === names.length) return taken;
  for (const lease of taken) void lease.release();
  throw results.find((result) => result.status === 'rejected')?.reason ?? inProgress();
}

function inProgress(): Problem {
  return new Problem('upload_in_progress', { retryAfterSeconds: 1 });
}
