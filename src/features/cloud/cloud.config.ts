import type { AllowedHosts } from '#platform/outgoing/allowed-hosts.ts';
import { parseAllowedHosts } from '#platform/outgoing/allowed-hosts.ts';
import { duration, type Setting, type Settings, secret, type ValuesOf } from '#platform/process/setting.ts';
import { shortestSecret } from './secrets/secret-keys.ts';

const allowedHosts: Setting<AllowedHosts> = {
  env: 'SAFE_CLOUD_ALLOWED_HOSTS',
  doc: 'Servers in private networks that cloud connections may reach, and may reach without TLS: names, addresses and networks like 10.1.0.0/16, separated by commas. Every other connection needs https and an address of the internet. Link-local addresses, where clouds keep their metadata, are reached only by a network that names them.',
  default: '',
  expected: 'names, IP addresses and networks separated by commas, like cloud.home.example, 10.1.0.0/16',
  parse: parseAllowedHosts,
};

const secretKeysOld: Setting<readonly string[]> = {
  env: 'SAFE_SECRET_KEYS_OLD',
  doc: 'Earlier values of SAFE_SECRET_KEY, separated by commas or line breaks, until `proofline keys rotate` has found nothing left under them.',
  secret: true,
  default: '',
  expected: `values of at least ${shortestSecret} characters, separated by commas or line breaks`,
  parse: (text) => {
    const keys = text
      .split(/[,\r\n]+/)
      .map((key) => key.trim())
      .filter((key) => key !== '');
    return keys.every((key) => key.length >= shortestSecret) ? keys : undefined;
  },
};

export const cloudSettings = {
  secretKey: secret({
    env: 'SAFE_SECRET_KEY',
    aliases: ['SECRET_KEY'],
    doc: 'The credentials of cloud connections are kept encrypted under it. Without it there are no connections. Keep it apart from backups: who has both has the credentials.',
    expected: `at least ${shortestSecret} characters, like the output of openssl rand -base64 48`,
    minLength: shortestSecret,
  }),
  secretKeysOld,
  allowedHosts,
  mirrorIntervalMs: duration({
    env: 'SAFE_CLOUD_MIRROR_INTERVAL',
    doc: 'How often the server looks for mirrors that are due. 0: this process starts none.',
    default: '1m',
  }),
} satisfies Settings;

export type CloudConfig = ValuesOf<typeof cloudSettings>;
