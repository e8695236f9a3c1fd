import { duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const safetyCheckSettings = {
  workerIntervalMs: duration({
    env: 'SAFE_SAFETY_CHECK_INTERVAL',
    doc: 'How often missed safety checks are written down, for the audit and the metrics. Who asks for one sees it at once. 0: not by this process.',
    default: '30s',
  }),
} satisfies Settings;

export type SafetyCheckConfig = ValuesOf<typeof safetyCheckSettings>;
