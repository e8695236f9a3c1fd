import { addresses, type Settings, secret, text, type ValuesOf } from '#platform/process/setting.ts';

/** The core's side of relays. */
export const relayAccessSettings = {
  addresses: addresses({
    env: 'SAFE_RELAY_API_BIND_ADDRS',
    doc: 'Where relays reach this server. Not set: nowhere. Keep it private to relays.',
    default: '',
  }),
  publicKeysFile: text({
    env: 'SAFE_RELAY_PUBLIC_KEYS_FILE',
    doc: 'A JWK Set with the Ed25519 public keys of relays, each with `kid` and `relay`. Read again when it changes. `proofline keys relay` adds to it.',
    default: '',
    expected: 'a file',
  }),
  staticToken: secret({
    env: 'SAFE_RELAY_STATIC_TOKEN',
    doc: 'For development: what a relay shows in place of signed assertions. Refused unless relays reach the server on loopback alone.',
    expected: 'at least 32 characters',
    minLength: 32,
  }),
} satisfies Settings;

export type RelayAccessConfig = ValuesOf<typeof relayAccessSettings>;
