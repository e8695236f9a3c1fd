import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';

/** What nodes share hints through. Throws StartupError when it is configured and does not answer. */
export async function openCoordinator(_config: Config, _log: Log): Promise<Coordinator> {
  return noCoordination();
}
