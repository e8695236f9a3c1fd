import { type JobQueue, openBullQueue, TableQueue } from '#features/jobs/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';
import { jobQueueAddress } from './job-queue-address.ts';

/** How this process learns of jobs. Throws StartupError. */
export async function openJobQueue(config: Config, log: Log): Promise<JobQueue> {
  const { queue, pollIntervalMs, leaseMs } = config.jobs;
  return queue === 'table'
    ? new TableQueue({ pollIntervalMs, log })
    : await openBullQueue({ address: jobQueueAddress(config), pollIntervalMs, leaseMs, log });
}
