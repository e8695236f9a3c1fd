import type { Clock } from '#kit/time.ts';
import type { AuditLineage } from './audit.ts';
import type { LineageIdentity } from './identity/identity.ts';
import type { RunStore } from './stores/run-store.ts';

/** What every route of lineage is given, in all homes. */
export interface LineageDeps {
  store: RunStore;
  identity: LineageIdentity;
  /** Throws rate_limited. By identity, as the runners of a CI share addresses. */
  limit: (rateClass: 'lineage_ingest' | 'lineage_read', subject: string) => Promise<void> | undefined;
  audit: AuditLineage;
  clock: Clock;
}
