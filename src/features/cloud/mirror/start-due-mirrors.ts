import { isProblem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { dueConnections } from '../cloud.store.ts';
import { startTransferTransaction } from '../cloud.transactions.ts';
import { scheduleAudit, transferJob } from '../request-transfer.ts';

/** One turn. Whichever nodes take it at once, the row says who starts it: each due time has one job. Returns how many were started. */
export async function startDueMirrors({ metadata }: { metadata: Metadata }, ending: AbortSignal): Promise<number> {
  const nowMs = Date.now();
  let started = 0;
  for (const row of await dueConnections(metadata.read, timestamp(nowMs), 1_000)) {
    if (ending.aborted) break;
    try {
      const job = await metadata.write(startTransferTransaction, {
        connectionId: row.id,
        job: transferJob(row, 'mirror', undefined, nowMs),
        schedule: {
          now: timestamp(nowMs),
          nextDueAt: timestamp(nowMs + (row.mirror_every_seconds ?? 0) * 1_000),
        },
        audit: scheduleAudit(row, nowMs),
      });
      if (job !== undefined) started += 1;
    } catch (error) {
      // Removed since it was looked up.
      if (!isProblem(error, 'connection_not_found')) throw error;
    }
  }
  return started;
}
