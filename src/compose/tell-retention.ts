import type { RetentionTurn } from '#features/incidents/index.ts';
import type { Log } from '#platform/process/log.ts';
import type { Metrics } from '#platform/process/metrics.ts';

/** What a retention turn came to, for those who watch. The audit has each decision. */
export function tellRetention(
  { decided, wouldGo, held }: RetentionTurn,
  { metrics, log }: { metrics: Pick<Metrics, 'retentionDecisions' | 'retentionIncidents'>; log: Log },
): void {
  for (const mode of decided) metrics.retentionDecisions.inc({ mode: mode ?? 'none' });
  metrics.retentionIncidents.set({ state: 'held' }, held);
  metrics.retentionIncidents.set({ state: 'dry_run' }, wouldGo);
  if (decided.length > 0) log.info({ decided: decided.length, held }, 'incidents are deleted for their age');
}
