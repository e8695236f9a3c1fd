import { parseDuration } from '#kit/time.ts';
import { choice, duration, type Setting, type Settings, type ValuesOf } from '#platform/process/setting.ts';
import type { IncidentMode } from '../incident-mode.ts';

/** Milliseconds, 0 for never; or what SAFE_CLOSED_INCIDENT_RETENTION says. */
function ofMode(mode: IncidentMode): Setting<number | 'default'> {
  return {
    env: `SAFE_MODE_RETENTION_${mode.toUpperCase()}`,
    doc: `Closed incidents of mode ${mode} are deleted this long after they were closed. \`default\`: as SAFE_CLOSED_INCIDENT_RETENTION says. 0: never.`,
    default: 'default',
    expected: 'default, or a duration like 12h or 90d',
    parse: (text) => (text === 'default' ? text : parseDuration(text)),
  };
}

export const deletionSettings = {
  workerIntervalMs: duration({
    env: 'SAFE_DELETION_WORKER_INTERVAL',
    doc: 'How often the deletion worker looks for work. What failed is tried again at the next turn. 0: this process deletes nothing.',
    default: '1m',
  }),
  closedIncidentRetentionMs: duration({
    env: 'SAFE_CLOSED_INCIDENT_RETENTION',
    doc: 'Closed incidents that nothing holds are deleted this long after they were closed. 0: never. See `proofline retention preview`.',
    default: '0',
  }),
  modeRetention: choice({
    env: 'SAFE_MODE_RETENTION',
    doc: 'Whether each mode of incidents has a time of its own. off: SAFE_CLOSED_INCIDENT_RETENTION for all. dry_run: no incident is deleted by its age, what would be is counted. apply: they are deleted.',
    of: ['off', 'dry_run', 'apply'],
    default: 'off',
  }),
  emergencyRetention: ofMode('emergency'),
  interactionRecordRetention: ofMode('interaction_record'),
  safetyCheckRetention: ofMode('safety_check'),
  evidenceNoteRetention: ofMode('evidence_note'),
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
