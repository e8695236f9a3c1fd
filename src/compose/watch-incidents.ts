import { countSafetyChecks } from '#features/incidents/index.ts';
import type { Metrics } from '#platform/process/metrics.ts';
import type { Backends } from './backends/open-backends.ts';

/** What waits for somebody. */
export function watchIncidents(metrics: Metrics, { metadata }: Pick<Backends, 'metadata'>): void {
  metrics.gauge('proofline_safety_checks_active', 'Safety checks whose time is not written down as over.', () =>
    countSafetyChecks(metadata.read, 'active'),
  );
  metrics.gauge('proofline_safety_checks_missed', 'Safety checks that were missed and are not resolved.', () =>
    countSafetyChecks(metadata.read, 'missed'),
  );
}
