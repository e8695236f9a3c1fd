import { duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const deletionSettings = {
  workerIntervalMs: duration({
    env: 'SAFE_DELETION_WORKER_INTERVAL',
    doc: 'How often the deletion worker looks for work. What failed is tried again at the next turn. 0: this process deletes nothing.',
    default: '1m',
  }),
  closedIncidentRetentionMs: duration({
    env: 'SAFE_CLOSED_INCIDENT_RETENTION',
    doc: 'Closed incidents are deleted this long after they were closed. 0: never. See `proofline retention preview`.',
    default: '0',
  }),
  tokenMetadataRetentionMs: duration({
    env: 'SAFE_TOKEN_METADATA_RETENTION',
    doc: 'What is kept of expired and withdrawn viewer links and sessions goes after this time. 0: never.',
    default: '0',
  }),
  tombstoneRetentionMs: duration({
    env: 'SAFE_DELETION_TOMBSTONE_RETENTION',
    doc: 'The record that an incident was deleted goes after this time. 0: never.',
    default: '0',
  }),
} satisfies Settings;

export type DeletionConfig = ValuesOf<typeof deletionSettings>;
