import type { Readable } from 'node:stream';
import { Problem } from '#kit/errors.ts';
import type { BodyLimits, Staging, StagingUsage, SweptStaging } from '../blob-store.ts';
import { StagingQuota } from '../staging-quota.ts';
import { takeBody } from '../take-body.ts';
import { smallSlotBytes } from './arena.ts';
import { asProblem } from './disk-problem.ts';
import { HeldBytes, type HoldingPlaces } from './held-bytes.ts';
import { LocalStagedBody } from './local-staged-body.ts';
import { SlotWait } from './slot-wait.ts';
import { sweepStaging } from './sweep-staging.ts';

export interface LocalStagingOptions extends HoldingPlaces {
  quotaBytes: number;
  maxBodyBytes: number;
  /** Throws when the store takes nothing more. */
  assertWritable(): void;
}

export class LocalStaging implements Staging {
  readonly #options: LocalStagingOptions;
  readonly #quota: StagingQuota;
  readonly #slots: SlotWait;
  readonly #ours = new WeakSet<LocalStagedBody>();

  constructor(options: LocalStagingOptions) {
    this.#options = options;
    this.#quota = new StagingQuota(options.quotaBytes);
    this.#slots = new SlotWait(options.arena);
  }

  async receive(body: Readable, limits: BodyLimits): Promise<LocalStagedBody> {
    this.#options.assertWritable();
    const { declaredBytes } = limits;
    const maxBytes = Math.min(limits.maxBytes, this.#options.maxBodyBytes);
    if (declaredBytes !== undefined && declaredBytes > maxBytes) throw new Problem('upload_too_large');

    const reservation = this.#quota.reserve(declaredBytes ?? 0);
    let held: HeldBytes | undefined;
    let streamError: unknown;
    const keepError = (error: unknown): void => {
      streamError = error;
    };
    body.once('error', keepError);
    try {
      const bytes = new HeldBytes(this.#options, await this.#slots.take(body, declaredBytes ?? smallSlotBytes));
      held = bytes;
      this.#slots.arrivalBegan(bytes);
      const byteSize = await takeBody(body, { ...limits, maxBytes }, (chunk, totalBytes) => {
        reservation.cover(totalBytes);
        return bytes.keep(chunk);
      });
      this.#slots.arrivalEnded(bytes);
      const staged = new LocalStagedBody({ byteSize, sha256Hex: await bytes.finish(), held: bytes, reservation });
      this.#ours.add(staged);
      return staged;
    } catch (error) {
      if (held !== undefined) {
        this.#slots.arrivalEnded(held);
        await held.release();
      }
      reservation.release();
      // The stream's own error is the caller's to know; what the disk said becomes ours.
      throw error === streamError ? error : asProblem(error);
    } finally {
      body.off('error', keepError);
    }
  }

  assertRoom(bytes: number): void {
    this.#quota.assertRoom(bytes);
  }

  usage(): StagingUsage {
    return this.#quota.usage();
  }

  sweep(olderThanMs: number): Promise<SweptStaging> {
    return sweepStaging(this.#options.stagingDir, this.#options.names, olderThanMs);
  }

  /** Narrows a body to one of this staging that can still be committed. */
  own(body: unknown): LocalStagedBody {
    if (body instanceof LocalStagedBody && this.#ours.has(body) && !body.unavailable) return body;
    throw new Problem('internal_error', { message: 'This body is not staged here.' });
  }
}
