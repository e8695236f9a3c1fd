import { type JobQueue, TableQueue } from '#features/jobs/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';

/** How this process learns of jobs. Throws StartupError. */
export async function openJobQueue({ jobs }: Config, log: Log): Promise<JobQueue> {
  return new TableQueue({ ...jobs, log });
}
