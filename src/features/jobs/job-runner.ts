import { hostname } from 'node:os';
import { timestamp } from '#kit/time.ts';
import { type Due, dueJobs } from './job-claims.store.ts';
import type { JobHandler } from './job-handler.ts';
import type { JobClaims } from './job-queue.ts';
import type { JobConfig } from './jobs.config.ts';
import type { JobRow } from './jobs.store.ts';
import type { JobKind } from './jobs.tables.ts';
import { claimJobTransaction } from './jobs.transactions.ts';
import { type JobOutcome, type RunDeps, runJob } from './run-job.ts';

export interface RunnerDeps extends RunDeps {
  handlers: readonly JobHandler[];
  /** For the metrics. */
  count(kind: JobKind, outcome: JobOutcome): void;
}

/** Claims and runs the jobs of one process. Who tells it when is the queue's matter (job-queue.ts). */
export class JobRunner implements JobClaims {
  readonly kinds: readonly JobKind[];
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
    this.kinds = [...this.#handlers.keys()];
  }

  async due(limit: number, overdueMs = 0): Promise<string[]> {
    if (this.kinds.length === 0) return [];
    return await dueJobs(this.#deps.metadata.read, this.#wanted(overdueMs), limit);
  }

  async take(wanted: { id?: string | undefined; overdueMs?: number } = {}): Promise<(() => Promise<void>) | undefined> {
    if (this.#stopping.signal.aborted || this.kinds.length === 0) return undefined;
    const [claimedAt, now] = [performance.now(), Date.now()];
    const job = await this.#deps.metadata.write(claimJobTransaction, {
      ...this.#wanted(wanted.overdueMs ?? 0),
      id: wanted.id,
      holder: this.#holder,
      now: timestamp(now),
      leasedUntil: timestamp(now + this.#config.leaseMs),
    });
    return job === undefined ? undefined : () => this.#track(this.#run(job, claimedAt));
  }

  #wanted(overdueMs: number): Due {
    return { kinds: this.kinds, at: timestamp(Date.now() - overdueMs) };
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
