import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { JobClaim } from './job-handler.ts';
import { JobInterruption } from './job-interruption.ts';
import { renewJobTransaction } from './jobs.transactions.ts';

export interface HoldOptions {
  leaseMs: number;
  timeoutMs: number;
  /** Aborts when the process is told to stop. */
  stopping: AbortSignal;
}

/** Progress is written no more often than this, unless it is the last of it. */
const progressEveryMs = 1_000;

/** A claim for as long as its job runs: shows signs of life, and interrupts the job when it must not go on. */
export class HeldJob {
  readonly claim: JobClaim;
  readonly #metadata: Metadata;
  readonly #leaseMs: number;
  readonly #ending = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopping: AbortSignal;
  /** By performance.now(): until then nobody else takes the job. */
  #leasedUntil: number;
  #progress: { done: number; total: number | null } | undefined;
  #progressAt = Number.NEGATIVE_INFINITY;
  #renewing: Promise<void> | undefined;

  /** Of a claim that was made at `claimedAt`, by performance.now(). */
  constructor(metadata: Metadata, claim: JobClaim, claimedAt: number, options: HoldOptions) {
    this.claim = claim;
    this.#metadata = metadata;
    this.#leaseMs = options.leaseMs;
    this.#leasedUntil = claimedAt + options.leaseMs;
    this.#stopping = options.stopping;
    this.#timers.push(
      setInterval(() => void this.#renew(), options.leaseMs / 3),
      setTimeout(() => this.#interrupt('timed_out'), options.timeoutMs),
    );
    options.stopping.addEventListener('abort', this.#stop);
    if (options.stopping.aborted) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Throws JobInterruption where the job must not go on. */
  async showProgress(done: number, total: number | undefined): Promise<void> {
    this.signal.throwIfAborted();
    this.#progress = { done, total: total ?? null };
    if (performance.now() - this.#progressAt < progressEveryMs && done !== total) return;
    await this.#renew();
    this.signal.throwIfAborted();
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stopping.removeEventListener('abort', this.#stop);
  }

  readonly #stop = () => this.#interrupt('stopping');

  #interrupt(why: JobInterruption['why']): void {
    this.#ending.abort(new JobInterruption(why));
  }

  /** A database that does not answer is no loss yet: only when the lease has ended meanwhile. */
  async #renew(): Promise<void> {
    const earlier = this.#renewing;
    const renewing = (async () => {
      await earlier;
      if (this.signal.aborted) return;
      const [since, now] = [performance.now(), Date.now()];
      try {
        const held = await this.#metadata.write(renewJobTransaction, {
          claim: this.claim,
          leasedUntil: timestamp(now + this.#leaseMs),
          progress: this.#progress,
          at: timestamp(now),
        });
        if (!held) return this.#interrupt('lost');
        this.#leasedUntil = since + this.#leaseMs;
        if (this.#progress !== undefined) this.#progressAt = since;
      } catch {
        if (performance.now() > this.#leasedUntil) this.#interrupt('lost');
      }
    })();
    this.#renewing = renewing;
    await renewing;
  }
}
