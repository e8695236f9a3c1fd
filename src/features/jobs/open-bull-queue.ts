import type { BullQueueOptions } from './bullmq/bull-queue.ts';
import type { JobQueue } from './job-queue.ts';

/** Loads BullMQ only where it is used. Throws StartupError when its server is not there. */
export async function openBullQueue(options: BullQueueOptions): Promise<JobQueue> {
  const { BullQueue } = await import('./bullmq/bull-queue.ts');
  return await BullQueue.open(options);
}
