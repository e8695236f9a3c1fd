import type { StagedBody } from '../blob-store.ts';
import type { StagingReservation } from '../staging-quota.ts';
import type { HeldBytes } from './held-bytes.ts';

export interface LocalBodyParts {
  byteSize: number;
  sha256Hex: string;
  held: HeldBytes;
  reservation: StagingReservation;
}

export class LocalStagedBody implements StagedBody {
  readonly byteSize: number;
  readonly sha256Hex: string;
  readonly held: HeldBytes;
  readonly #reservation: StagingReservation;
  #spent = false;
  #committing: Promise<void> | undefined;

  constructor({ byteSize, sha256Hex, held, reservation }: LocalBodyParts) {
    this.byteSize = byteSize;
    this.sha256Hex = sha256Hex;
    this.held = held;
    this.#reservation = reservation;
  }

  /** Committed, discarded, or just now in a commit. */
  get unavailable(): boolean {
    return this.#spent || this.#committing !== undefined;
  }

  /** Runs the one commit of this body; on success its room is free again, on failure the body stays. */
  async during<T>(commit: () => Promise<{ result: T; nameGone: boolean }>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#committing = promise;
    try {
      const { result, nameGone } = await commit();
      await this.#release(nameGone);
      return result;
    } finally {
      this.#committing = undefined;
      resolve();
    }
  }

  async discard(): Promise<void> {
    // The writer may be reading the slot at this moment.
    await this.#committing;
    await this.#release(false);
  }

  async #release(nameGone: boolean): Promise<void> {
    if (this.#spent) return;
    this.#spent = true;
    await this.held.release(nameGone);
    this.#reservation.release();
  }
}
