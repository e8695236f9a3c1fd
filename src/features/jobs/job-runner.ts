import { hostname } from 'node:os';
import { timestamp } from '#kit/time.ts';
import { dueJobs } from './job-claims.store.ts';
import type { JobHandler } from './job-handler.ts';
import type { JobClaims } from './job-queue.ts';
import type { JobConfig } from './jobs.config.ts';
import type { JobRow } from './jobs.store.ts';
import type { JobKind } from './jobs.tables.ts';
import { claimJobTransaction } from './jobs.transactions.ts';
import { LastingHands } from './lasting-hands.ts';
import { type JobOutcome, type RunDeps, runJob } from './run-job.ts';

export interface RunnerDeps extends RunDeps {
  handlers: readonly JobHandler[];
  /** For the metrics. */
  count(kind: JobKind, outcome: JobOutcome): void;
}

/** Claims and runs the jobs of one process. Who tells it when is the queue's matter (job-queue.ts). */
export class JobRunner implements JobClaims {
  readonly #shortKinds: readonly JobKind[];
  readonly #lastingKinds: readonly JobKind[];
  readonly #lastingHands: LastingHands;
  readonly #deps: RunnerDeps;
  readonly #config: JobConfig;
  readonly #handlers: ReadonlyMap<JobKind, JobHandler>;
  readonly #holder = `${hostname()}/${process.pid}`;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(deps: RunnerDeps, config: JobConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#handlers = new Map(deps.handlers.map((handler) => [handler.kind, handler]));
    if (this.#handlers.size < deps.handlers.length) throw new Error('two handlers for one kind of job');
    this.#lastingKinds = deps.handlers.filter((handler) => handler.lasting === true).map(({ kind }) => kind);
    this.#shortKinds = deps.handlers.filter((handler) => handler.lasting !== true).map(({ kind }) => kind);
    this.#lastingHands = new LastingHands(config.concurrency);
  }

  /** Of lasting kinds and of others apart, so that neither hides the other. */
  async due(limit: number, overdueMs = 0): Promise<string[]> {
    const { read } = this.#deps.metadata;
    const at = timestamp(Date.now() - overdueMs);
    const found = await Promise.all(
      [this.#shortKinds, this.#lastingKinds].map((kinds) =>
        kinds.length === 0 ? [] : dueJobs(read, { kinds, at }, limit),
      ),
    );
    return found.flat();
  }

  async take(wanted: { id?: string | undefined; overdueMs?: number } = {}): Promise<(() => Promise<void>) | undefined> {
    const mayLast = this.#lastingKinds.length > 0 && this.#lastingHands.take();
    const kinds = mayLast ? [...this.#shortKinds, ...this.#lastingKinds] : this.#shortKinds;
    let lasts = false;
    try {
      const claimedAt = performance.now();
      const job = await this.#claim(kinds, wanted.id, wanted.overdueMs ?? 0);
      if (job === undefined) return undefined;
      lasts = this.#lastingKinds.includes(job.kind);
      return () =>
        this.#track(
          this.#run(job, claimedAt).finally(() => {
            if (lasts) this.#lastingHands.give();
          }),
        );
    } finally {
      if (mayLast && !lasts) this.#lastingHands.give();
    }
  }

  async #claim(kinds: readonly JobKind[], id: string | undefined, overdueMs: number): Promise<JobRow | undefined> {
    if (this.#stopping.signal.aborted || kinds.length === 0) return undefined;
    const now = Date.now();
    return await this.#deps.metadata.write(claimJobTransaction, {
      kinds,
      id,
      at: timestamp(now - overdueMs),
      holder: this.#holder,
      now: timestamp(now),
      leasedUntil: timestamp(now + this.#config.leaseMs),
    });
  }

  /** Interrupts what runs, and resolves when all of it is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  #track(run: Promise<void>): Promise<void> {
    this.#running.add(run);
    return run.finally(() => this.#running.delete(run));
  }

  async #run(job: JobRow, claimedAt: number): Promise<void> {
    const handler = this.#handlers.get(job.kind);
    if (handler === undefined) throw new Error(`no handler for ${job.kind}`);
    const { log, count } = this.#deps;
    try {
      const outcome = await runJob(this.#deps, this.#config, handler, job, claimedAt, this.#stopping.signal);
      count(job.kind, outcome);
    } catch (error) {
      log.error({ err: error, job_id: job.id, kind: job.kind }, 'what became of a job could not be written down');
    }
  }
}
