import { type ValkeyAddress, valkeyAddress } from '#platform/coordination/valkey/valkey-address.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import type { Config } from '../config.ts';

/** For a configuration whose queue of jobs is bullmq. Throws StartupError. */
export function jobQueueAddress({ jobs, coordination }: Pick<Config, 'jobs' | 'coordination'>): ValkeyAddress {
  if (jobs.valkeyUrl) return jobs.valkeyUrl;
  if (coordination.url || coordination.address) return valkeyAddress(coordination);
  throw new StartupError(
    'SAFE_JOBS_QUEUE is bullmq, but neither SAFE_JOBS_VALKEY_URL nor SAFE_VALKEY_ADDR is set.',
    'Set SAFE_JOBS_VALKEY_URL, or the SAFE_VALKEY settings that coordination uses too; or set SAFE_JOBS_QUEUE=table.',
  );
}
