import type { Log } from '#platform/process/log.ts';
import type { JobClaims, JobQueue } from './job-queue.ts';
import { Nap } from './nap.ts';

export interface TableQueueOptions {
  pollIntervalMs: number;
  /** Leaves jobs alone until they are so long over their time, where something else should have told of them. */
  overdueMs?: number;
  log: Log;
}

/** Looks into the table itself: at once after a nudge or the end of a job, else now and then. */
export class TableQueue implements JobQueue {
  readonly #options: TableQueueOptions;
  readonly #nap = new Nap();
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;
  #stopped = false;

  constructor(options: TableQueueOptions) {
    this.#options = options;
  }

  start(claims: JobClaims, concurrency: number): void {
    if (concurrency > 0) this.#loop ??= this.#handOut(claims, concurrency);
  }

  nudge(): void {
    this.#nap.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#nap.wake();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #handOut(claims: JobClaims, concurrency: number): Promise<void> {
    const { pollIntervalMs } = this.#options;
    while (!this.#stopped) {
      if (this.#running.size >= concurrency) {
        await Promise.race(this.#running);
        continue;
      }
      const runs = await this.#take(claims, concurrency - this.#running.size);
      for (const run of runs) this.#follow(run());
      if (runs.length === 0) await this.#nap.sleep(pollIntervalMs);
    }
  }

  /** Looks first: that costs less than a claim, and mostly there is nothing. Claims that are made at once share their way to the disk. */
  async #take(claims: JobClaims, atMost: number): Promise<(() => Promise<void>)[]> {
    const { overdueMs = 0, log } = this.#options;
    try {
      const due = await claims.due(atMost, overdueMs);
      const taken = await Promise.allSettled(due.slice(0, atMost).map(() => claims.take({ overdueMs })));
      const failed = taken.find((one) => one.status === 'rejected');
      if (failed !== undefined) log.warn({ err: failed.reason }, 'jobs cannot be taken at the moment; tried again');
      return taken.flatMap((one) => (one.status === 'fulfilled' && one.value !== undefined ? [one.value] : []));
    } catch (error) {
      log.warn({ err: error }, 'the table of jobs cannot be read at the moment; tried again');
      return [];
    }
  }

  #follow(run: Promise<void>): void {
    const ended = run.finally(() => {
      this.#running.delete(ended);
      // What follows from it waits already.
      this.#nap.wake();
    });
    this.#running.add(ended);
  }
}
