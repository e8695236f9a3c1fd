import type { JobHandler } from '#features/jobs/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Backends } from '../backends/open-backends.ts';
import type { Config } from '../config.ts';

/** What each kind of job does. A kind that is missing here waits for a process that knows it. */
export function jobHandlers(_backends: Backends, _config: Config, _log: Log): JobHandler[] {
  return [];
}
