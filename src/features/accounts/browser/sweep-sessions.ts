import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { sweepSessionsTransaction } from './browser.transactions.ts';

const rowsATurn = 500;

/** Removes sessions and refresh tokens that have expired, in bounded steps. Returns how many rows. */
export async function sweepSessions(deps: { metadata: Metadata }, ending: AbortSignal): Promise<number> {
  const before = timestamp(Date.now());
  let removed = 0;
  for (let more = true; more && !ending.aborted; ) {
    const turn = await deps.metadata.write(sweepSessionsTransaction, { before, limit: rowsATurn });
    removed += turn.removed;
    more = turn.more;
  }
  return removed;
}
