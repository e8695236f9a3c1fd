import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartupError } from '#platform/process/startup-error.ts';
import { type DeletionConfig, deletionSettings } from './deletion.config.ts';
import { checkRetention, retentionRules } from './retention-policy.ts';

const day = 86_400_000;

const config = (given: Partial<DeletionConfig>): DeletionConfig => ({
  ...{ workerIntervalMs: 0, closedIncidentRetentionMs: 0, tokenMetadataRetentionMs: 0, tombstoneRetentionMs: 0 },
  ...{ modeRetention: 'off', emergencyRetention: 'default', interactionRecordRetention: 'default' },
  ...{ safetyCheckRetention: 'default', evidenceNoteRetention: 'default' },
  ...given,
});

/** `mode: days by setting`. */
const said = (given: Partial<DeletionConfig>) =>
  retentionRules(config(given)).map(({ mode, afterMs, setting }) => `${mode}: ${afterMs / day} ${setting.slice(5)}`);

test('without a setting every incident stays for ever', () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(said({ modeRetention: 'apply' }), []);
  for (const { env, default: value } of Object.values(deletionSettings))
    if (/RETENTION/.test(env)) assert.match(value ?? '', /^(0|off|default)$/, env);
});

test('the time of all modes, while none has its own', () => {
  const all = ['emergency', 'interaction_record', 'safety_check', 'evidence_note', 'null'];
  for (const modeRetention of ['off', 'dry_run', 'apply'] as const)
    assert.deepEqual(
      said({ closedIncidentRetentionMs: 30 * day, modeRetention }),
      all.map((mode) => `${mode}: 30 CLOSED_INCIDENT_RETENTION`),
    );
});

test('a mode has its own time, longer, shorter or none', () => {
  assert.deepEqual(
    said({
      modeRetention: 'apply',
      closedIncidentRetentionMs: 30 * day,
      emergencyRetention: 0,
      interactionRecordRetention: 7 * day,
      safetyCheckRetention: 90 * day,
    }),
    [
      'interaction_record: 7 MODE_RETENTION_INTERACTION_RECORD',
      'safety_check: 90 MODE_RETENTION_SAFETY_CHECK',
      'evidence_note: 30 CLOSED_INCIDENT_RETENTION',
      'null: 30 CLOSED_INCIDENT_RETENTION',
    ],
  );
  assert.deepEqual(said({ modeRetention: 'dry_run', evidenceNoteRetention: day }), [
    'evidence_note: 1 MODE_RETENTION_EVIDENCE_NOTE',
  ]);
});

test('a decision says which rule it follows, in the characters of a reason', () => {
  const rules = retentionRules(
    config({ modeRetention: 'apply', closedIncidentRetentionMs: day, emergencyRetention: 2 * day }),
  );
  assert.deepEqual(
    [...new Set(rules.map(({ reasonCode }) => reasonCode))],
    ['mode_retention.emergency', 'closed_incident_retention'],
  );
  for (const { reasonCode } of rules) assert.match(reasonCode, /^[A-Za-z0-9_.:-]{1,64}$/);
});

test('a time that would change nothing is refused at the start', () => {
  checkRetention(config({ closedIncidentRetentionMs: day }));
  for (const modeRetention of ['dry_run', 'apply'] as const)
    checkRetention(config({ modeRetention, emergencyRetention: 0 }));
  for (const [given, env] of [
    [{ emergencyRetention: 0 }, 'SAFE_MODE_RETENTION_EMERGENCY'],
    [{ evidenceNoteRetention: day }, 'SAFE_MODE_RETENTION_EVIDENCE_NOTE'],
  ] as const)
    assert.throws(
      () => checkRetention(config(given)),
      (error) =>
        error instanceof StartupError && error.message.startsWith(`${env} is set`) && /dry_run/.test(error.remedy),
    );
});
