import { documentJobEndings } from '#features/documents/index.ts';
import { countJobs, type JobQueue, JobRunner, longestOverdueMs } from '#features/jobs/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Metrics } from '#platform/process/metrics.ts';
import type { Backends } from '../backends/open-backends.ts';
import type { Config } from '../config.ts';
import { jobHandlers } from './job-handlers.ts';

export interface RunningJobs {
  /** Gives back what runs, and ends the queue: nothing that it says would be heard. */
  stop(): Promise<void>;
}

/** Background jobs begin to run in this process, so many at once; with 0 it only lets others know of them. */
export function startJobs(
  queue: JobQueue,
  backends: Backends,
  config: Config,
  concurrency: number,
  { metrics, log }: { metrics: Metrics; log: Log },
): RunningJobs {
  const runner = new JobRunner(
    {
      metadata: backends.metadata,
      handlers: jobHandlers(backends, config, log),
      endings: documentJobEndings,
      log,
      count: (kind, outcome) => metrics.jobRuns.inc({ kind, outcome }),
    },
    config.jobs,
  );
  queue.start(runner, concurrency);
  return {
    stop: async () => {
      await runner.stop();
      await queue.stop();
    },
  };
}

/** What stands in the table, whoever runs it. */
export function watchJobs(metrics: Metrics, { metadata }: Pick<Backends, 'metadata'>): void {
  for (const state of ['waiting', 'running', 'parked'] as const)
    metrics.gauge(`proofline_jobs_${state}`, `Background jobs that are ${state}.`, () =>
      countJobs(metadata.read, state),
    );
  metrics.gauge(
    'proofline_jobs_overdue_seconds',
    'How long the job that has waited longest is over its time.',
    async () => (await longestOverdueMs(metadata.read, Date.now())) / 1000,
  );
}
