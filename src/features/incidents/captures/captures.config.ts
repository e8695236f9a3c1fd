import { duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const captureSettings = {
  supersessionIntervalMs: duration({
    env: 'SAFE_SUPERSESSION_INTERVAL',
    doc: 'How often the policy records what better evidence supersedes, of capture groups a stream of which has ended. It reads the bytes of the better chunk each time, and removes nothing. 0: only people record it.',
    default: '0',
  }),
} satisfies Settings;

export type CaptureConfig = ValuesOf<typeof captureSettings>;
