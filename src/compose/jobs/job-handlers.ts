import { cloudDeps, transferHandlers } from '#features/cloud/index.ts';
import { documentJobHandlers } from '#features/documents/index.ts';
import type { JobHandler } from '#features/jobs/index.ts';
import { isolation } from '#platform/process/limited-child/isolation.ts';
import type { Log } from '#platform/process/log.ts';
import type { Backends } from '../backends/open-backends.ts';
import type { Config } from '../config.ts';

/** What each kind of job does. A kind that is missing here waits for a process that knows it. */
export function jobHandlers({ metadata, blobs }: Backends, config: Config, log: Log): JobHandler[] {
  void isolation().then(({ network, processes }) => {
    if (!network || !processes)
      log.warn(
        { network, processes },
        'the kernel does not take the network or the sight of other processes from parsers',
      );
  });
  return [
    ...documentJobHandlers({ metadata, blobs, config: config.processing }),
    ...transferHandlers({ ...cloudDeps(metadata, config.cloud), blobs, documents: config.documents }),
  ];
}
