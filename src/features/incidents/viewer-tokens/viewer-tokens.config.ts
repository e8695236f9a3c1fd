import { duration, type Settings, type ValuesOf } from '#platform/process/setting.ts';

export const viewerTokenSettings = {
  defaultTtlMs: duration({
    env: 'SAFE_DEFAULT_INCIDENT_TOKEN_TTL',
    doc: 'How long a viewer link works when its maker gives no end. 0: until it is withdrawn.',
    default: '24h',
  }),
} satisfies Settings;

export type ViewerTokenConfig = ValuesOf<typeof viewerTokenSettings>;
