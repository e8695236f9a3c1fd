import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { valkeyAddress } from '#platform/coordination/valkey/valkey-address.ts';
import type { Log } from '#platform/process/log.ts';
import type { Config } from '../config.ts';

/** What nodes share hints through. Throws StartupError when it is configured and does not answer. */
export async function openCoordinator({ coordination }: Config, log: Log): Promise<Coordinator> {
  if (coordination.backend === 'none') return noCoordination();
  const { openValkey } = await import('#platform/coordination/valkey/valkey.ts');
  return await openValkey(valkeyAddress(coordination), log);
}
