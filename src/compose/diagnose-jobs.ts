import { countJobs, longestOverdueMs } from '#features/jobs/index.ts';
import { formatDuration } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { createLog } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Config } from './config.ts';
import { type Diagnosis, fine } from './diagnosis.ts';
import { openJobQueue } from './jobs/open-job-queue.ts';

/** A job that waits for longer has nobody to run it, or too few. */
const longWaitMs = 10 * 60_000;

export async function diagnoseQueue(config: Config): Promise<Diagnosis> {
  const check = 'job queue';
  try {
    const queue = await openJobQueue(config, createLog('error'));
    await queue.stop();
    return fine(check, config.jobs.queue === 'table' ? 'the table in the database' : 'Valkey answers');
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { check, state: 'bad', found: error.message, remedy: error.remedy };
  }
}

export async function* diagnoseJobs({ read }: Metadata): AsyncGenerator<Diagnosis> {
  const parked = await countJobs(read, 'parked');
  yield parked === 0
    ? fine('parked jobs', 'none')
    : {
        check: 'parked jobs',
        state: 'note',
        found: `${parked} could not be done and wait for you`,
        remedy: 'The admin pages say why, under Jobs, and repeat them.',
      };
  const overdueMs = await longestOverdueMs(read, Date.now());
  yield overdueMs < longWaitMs
    ? fine('waiting jobs', 'none waits for long')
    : {
        check: 'waiting jobs',
        state: 'bad',
        found: `one has waited for ${formatDuration(Math.floor(overdueMs / 60_000) * 60_000)}`,
        remedy: 'Start a server with SAFE_JOBS_IN_SERVER=true, or `proofline worker`; or more of them.',
      };
}
