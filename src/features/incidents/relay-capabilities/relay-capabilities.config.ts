import { duration, type Setting, type Settings, text, type ValuesOf } from '#platform/process/setting.ts';

const roles = [
  'live_preview',
  'audio_priority',
  'evidence_master',
  'location_context',
  'metadata_context',
  'none',
] as const;
/** `none` is a stream of no capture group. */
export type FanoutRole = (typeof roles)[number];

const fanoutRoles: Setting<readonly FanoutRole[]> = {
  env: 'SAFE_RELAY_FANOUT_ROLES',
  doc: 'Variant roles whose chunks a relay may show to readers before they are confirmed. `none` stands for streams of no capture group.',
  default: 'live_preview,audio_priority,none',
  expected: `roles separated by commas, of ${roles.join(', ')}`,
  parse: (value) => {
    const given = value === '' ? [] : value.split(',').map((part) => part.trim());
    const known = roles.filter((role) => given.includes(role));
    return known.length === new Set(given).size ? known : undefined;
  },
};

export const relayCapabilitySettings = {
  url: text({
    env: 'SAFE_RELAY_URL',
    doc: 'Where clients reach the relay; given out with each capability. Needed before capabilities can be made.',
    default: '',
    expected: 'an address with https:// (or http:// on this machine)',
    pattern: /^(https?:\/\/[^\s/]+)?$/,
  }),
  ttlMs: duration({
    env: 'SAFE_RELAY_CAPABILITY_TTL',
    doc: 'How long a capability works at most, and where its maker says nothing.',
    default: '10m',
    atLeast: '1s',
  }),
  fanoutRoles,
} satisfies Settings;

export type RelayCapabilityConfig = ValuesOf<typeof relayCapabilitySettings>;

export function mayFanOut(
  { fanoutRoles: allowed }: Pick<RelayCapabilityConfig, 'fanoutRoles'>,
  role: FanoutRole,
): boolean {
  return allowed.includes(role);
}
