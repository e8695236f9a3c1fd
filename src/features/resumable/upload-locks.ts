import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '#kit/errors.ts';
import type { Coordinator, Lease } from '#platform/coordination/coordinator.ts';

/** Who holds an upload. */
export interface Holder {
  /** Another request wants it: give way, if the sender has fallen silent. */
  askToLeave(): void;
}

export interface HeldUpload {
  release(): Promise<void>;
}

/** How long a request waits for another to give way, and how often it looks. Milliseconds. */
const patienceMs = 5_000;
const lookEveryMs = 100;
/** A wish is told by a lease that is taken again and again; the holder notices when it cannot take it. Milliseconds. */
const wishMs = 600;
const listenEveryMs = 400;
/** A request may take hours; of a node that died the lease is taken over within seconds. After that only the row decides. Milliseconds. */
const leaseMs = 60 * 60_000;

/**
 * One request at an upload at a time, so that none works in vain. A connection that died without a word gives way to the next. Only that:
 * what counts is decided by the row, also when a lease has ended or nodes know nothing of one another.
 */
export class UploadLocks {
  readonly #held = new Map<string, Holder>();
  readonly #coordinator: Pick<Coordinator, 'lease' | 'spansNodes'>;

  constructor(coordinator: Pick<Coordinator, 'lease' | 'spansNodes'>) {
    this.#coordinator = coordinator;
  }

  /** Throws upload_locked while another is busy with it, coordination_unavailable when nobody can tell. */
  async take(id: string, holder: Holder): Promise<HeldUpload> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const other = this.#held.get(id);
      if (other === undefined) {
        const held = await this.#tryTake(id, holder);
        if (held !== undefined) return held;
        await this.#coordinator.lease(wishFor(id), wishMs);
      } else {
        other.askToLeave();
      }
      if (performance.now() > until) throw new Problem('upload_locked', { retryAfterSeconds: 1 });
      await pause(lookEveryMs);
    }
  }

  async #tryTake(id: string, holder: Holder): Promise<HeldUpload | undefined> {
    this.#held.set(id, holder);
    if (!this.#coordinator.spansNodes) return { release: async () => void this.#held.delete(id) };
    let lease: Lease | undefined;
    try {
      lease = await this.#coordinator.lease(`resumable:${id}`, leaseMs);
    } finally {
      if (lease === undefined) this.#held.delete(id);
    }
    if (lease === undefined) return undefined;
    const taken = lease;
    const listening = setInterval(() => void this.#listen(id, holder), listenEveryMs).unref();
    return {
      release: async () => {
        clearInterval(listening);
        this.#held.delete(id);
        await taken.release();
      },
    };
  }

  async #listen(id: string, holder: Holder): Promise<void> {
    try {
      const nobody = await this.#coordinator.lease(wishFor(id), wishMs);
      if (nobody === undefined) holder.askToLeave();
      else await nobody.release();
    } catch {
      // Coordination does not answer: whoever wants the upload cannot ask for it either.
    }
  }
}

function wishFor(id: string): string {
  return `resumable:wish:${id}`;
}
