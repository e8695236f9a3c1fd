import { timestamp } from '#kit/time.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type IncidentMode, incidentModes } from '../incident-mode.ts';
import { type DeletionConfig, deletionSettings } from './deletion.config.ts';

/** How long closed incidents of one mode stay, and who says so. */
export interface RetentionRule {
  /** Null: incidents that have none. */
  mode: IncidentMode | null;
  afterMs: number;
  /** The setting that says so. */
  setting: string;
  /** Of the deletion decision. */
  reasonCode: string;
}

/** The value of a mode, and its setting. */
const ofModes = {
  emergency: 'emergencyRetention',
  interaction_record: 'interactionRecordRetention',
  safety_check: 'safetyCheckRetention',
  evidence_note: 'evidenceNoteRetention',
} as const satisfies Record<IncidentMode, keyof DeletionConfig>;

/** A rule for each mode whose incidents do not stay for ever. */
export function retentionRules(config: DeletionConfig): RetentionRule[] {
  return [...incidentModes, null].map((mode) => ruleOf(config, mode)).filter(({ afterMs }) => afterMs > 0);
}

function ruleOf(config: DeletionConfig, mode: IncidentMode | null): RetentionRule {
  const own = mode === null || config.modeRetention === 'off' ? 'default' : config[ofModes[mode]];
  if (mode === null || own === 'default') {
    const { env } = deletionSettings.closedIncidentRetentionMs;
    return { mode, afterMs: config.closedIncidentRetentionMs, setting: env, reasonCode: 'closed_incident_retention' };
  }
  return { mode, afterMs: own, setting: deletionSettings[ofModes[mode]].env, reasonCode: `mode_retention.${mode}` };
}

/** Incidents of the rule that were closed before then have had their time. */
export function closedBefore(rule: RetentionRule, nowMs: number): string {
  return timestamp(nowMs - rule.afterMs);
}

/** A time that is set and does nothing would be found out when it is too late. Throws StartupError. */
export function checkRetention(config: DeletionConfig): void {
  if (config.modeRetention !== 'off') return;
  const [set] = incidentModes.filter((mode) => config[ofModes[mode]] !== 'default');
  if (set === undefined) return;
  throw new StartupError(
    `${deletionSettings[ofModes[set]].env} is set, but SAFE_MODE_RETENTION is off: it would change nothing.`,
    'Set SAFE_MODE_RETENTION=dry_run, look at `proofline retention preview`, then set it to apply. Or remove the first.',
  );
}
