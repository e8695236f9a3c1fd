import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { removeDoneTransaction } from './jobs.transactions.ts';

/** Rows in one transaction: whoever puts jobs down meanwhile waits for as long as one takes. */
const rowsAtOnce = 500;

/** Removes the records of jobs that were done so long ago. Returns how many went. */
export async function removeDoneJobs(
  { metadata }: { metadata: Metadata },
  { doneRetentionMs }: { doneRetentionMs: number },
  signal: AbortSignal,
): Promise<number> {
  const endedBefore = Date.now() - doneRetentionMs;
  let total = 0;
  while (!signal.aborted) {
    const removed = await metadata.write(removeDoneTransaction, {
      beforeId: newId('job', endedBefore),
      endedBefore: timestamp(endedBefore),
      limit: rowsAtOnce,
    });
    total += removed;
    if (removed < rowsAtOnce) break;
  }
  return total;
}
