import type { Metrics } from '#platform/process/metrics.ts';
import type { Backends } from './backends/open-backends.ts';

/** What any process that stands on them shows. */
export function watchBackends(metrics: Metrics, { metadata, blobs, coordinator }: Backends): void {
  metrics.gauge(
    'proofline_metadata_queued',
    'Transactions waiting for the writer.',
    () => metadata.statistics().queued,
  );
  metrics.gauge('proofline_metadata_groups', 'Groups committed since the start.', () => metadata.statistics().groups);
  metrics.gauge(
    'proofline_metadata_transactions',
    'Transactions committed in those groups.',
    () => metadata.statistics().transactions,
  );
  metrics.gauge(
    'proofline_staging_bytes',
    'Bytes of uploads that are not accepted yet.',
    () => blobs.staging.usage().bytes,
  );
  metrics.gauge('proofline_staging_bodies', 'Uploads that are not accepted yet.', () => blobs.staging.usage().bodies);
  metrics.gauge('proofline_staging_quota_bytes', 'What staging may hold.', () => blobs.staging.usage().quotaBytes);
  metrics.gauge('proofline_coordination_up', '1 while coordination answers.', async () =>
    (await coordinator.health()) === 'ok' ? 1 : 0,
  );
  metrics.gauge(
    'proofline_coordination_failures',
    'Questions that coordination could not answer since the start.',
    () => coordinator.statistics().failures,
  );
  metrics.gauge(
    'proofline_coordination_takeovers',
    'Leases taken over since the start from nodes that had gone.',
    () => coordinator.statistics().takeovers,
  );
}
