/** What a queue may ask of the process that it hands jobs to. */
export interface JobClaims {
  /**
   * Claims a job, this one or the one that has waited longest (at least so many milliseconds over its time), and returns what runs it;
   * undefined when there is none to be had. The run resolves when the job has ended in whatever way, and never rejects.
   */
  take(wanted?: { id?: string | undefined; overdueMs?: number }): Promise<(() => Promise<void>) | undefined>;
  /** Ids of jobs that wait, those that have waited longest: so many of lasting kinds, and so many of others. */
  due(limit: number, overdueMs?: number): Promise<string[]>;
}

/**
 * How a process learns what to run. A queue only says where to look: the row decides, by the claim. So a word of it that is lost, late or
 * doubled does no harm. Every row that waits is offered to some process in the end, whatever becomes of what the queue knows.
 */
export interface JobQueue {
  /** From here on jobs are handed out, at most so many at once; 0: this process runs none, and only lets others know of them. */
  start(claims: JobClaims, concurrency: number): void;
  /** This process may have put jobs down: sooner than at the next look. Never throws. */
  nudge(): void;
  /** Hands out no more. Resolves when what was handed out has ended; whoever wants that soon interrupts it first. May be called again. */
  stop(): Promise<void>;
}
