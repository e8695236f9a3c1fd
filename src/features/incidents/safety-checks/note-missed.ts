import { type AuditEntry, auditEntry } from '#features/audit/index.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { overdueSafetyChecks } from './safety-checks.store.ts';
import { noteMissedTransaction } from './safety-checks.transactions.ts';

const batchSize = 100;

/**
 * Writes down which safety checks were missed, since when, and says it in the audit. That is all: nothing is sent. Returns how many.
 * Whoever asks for one sees that it is missed also without this.
 */
export async function noteMissedChecks(deps: { metadata: Metadata }, ending: AbortSignal): Promise<number> {
  let noted = 0;
  for (;;) {
    const now = Date.now();
    const overdue = await overdueSafetyChecks(deps.metadata.read, timestamp(now), batchSize);
    for (const check of overdue) {
      if (ending.aborted) return noted;
      const input = { incidentId: check.incident_id, checkId: check.id, at: timestamp(now) };
      const audit = missedEntry(check.id, check.owner_account_id, now);
      if (await deps.metadata.write(noteMissedTransaction, { ...input, audit })) noted += 1;
    }
    if (overdue.length < batchSize) return noted;
  }
}

/** By no account: time did it. */
export function missedEntry(checkId: string, ownerId: string | null, nowMs: number): AuditEntry {
  return auditEntry(
    {
      actor: 'server',
      ownerAccountId: ownerId ?? undefined,
      action: 'safety_check.missed',
      subjectType: 'safety_check',
      subjectId: checkId,
    },
    nowMs,
  );
}
