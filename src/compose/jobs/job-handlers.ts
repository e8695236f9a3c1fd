import { cloudDeps, transferHandlers } from '#features/cloud/index.ts';
import { documentJobHandlers } from '#features/documents/index.ts';
import type { JobHandler } from '#features/jobs/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Backends } from '../backends/open-backends.ts';
import type { Config } from '../config.ts';

/** What each kind of job does. A kind that is missing here waits for a process that knows it. */
export function jobHandlers({ metadata, blobs }: Backends, config: Config, _log: Log): JobHandler[] {
  return [
    ...documentJobHandlers({ metadata, blobs, config: config.processing }),
    ...transferHandlers({ ...cloudDeps(metadata, config.cloud), blobs, documents: config.documents }),
  ];
}
