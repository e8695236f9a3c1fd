import { duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const viewerTokenSettings = {
  defaultTtlMs: duration({
    env: 'SAFE_DEFAULT_INCIDENT_TOKEN_TTL',
    doc: 'How long a viewer link works when its maker gives no end.',
    default: '24h',
    atLeast: '1m',
  }),
} satisfies Settings;

export type ViewerTokenConfig = ValuesOf<typeof viewerTokenSettings>;
