import {
  type Address,
  choice,
  duration,
  parseAddress,
  type Setting,
  type Settings,
  secret,
  text,
  type ValuesOf,
} from '#platform/process/setting.ts';
import { maxDatabase, parseRedisUrl, type ValkeyAddress } from './valkey/valkey-address.ts';

const address: Setting<Address | undefined | ''> = {
  env: 'SAFE_VALKEY_ADDR',
  doc: 'Where Valkey or Redis listens.',
  default: '',
  expected: 'a host:port, like 10.0.0.7:6379 or [fd00::7]:6379',
  parse: (value) => {
    if (value === '') return '';
    const parsed = value.startsWith(':') ? undefined : parseAddress(value);
    return parsed === undefined || parsed.port === 0 ? undefined : parsed;
  },
};

const database: Setting<number | undefined | ''> = {
  env: 'SAFE_VALKEY_DB',
  doc: 'The number of the logical database. Not set: 0.',
  default: '',
  expected: `a whole number from 0 to ${maxDatabase}`,
  parse: (value) => {
    if (value === '') return '';
    return /^\d{1,6}$/.test(value) && Number(value) <= maxDatabase ? Number(value) : undefined;
  },
};

const tls: Setting<boolean | undefined | ''> = {
  env: 'SAFE_VALKEY_TLS',
  doc: 'Speak TLS, and check the certificate against the name in the address. An authority of your own: NODE_EXTRA_CA_CERTS. Not set: false.',
  default: '',
  expected: 'true or false',
  parse: (value) => ({ '': '' as const, true: true, '1': true, false: false, '0': false })[value.toLowerCase()],
};

/** Address, name, password, database and TLS in one; empty when it is not set. */
export function valkeyUrl(
  setting: Pick<Setting<unknown>, 'env' | 'doc' | 'sharedNames'>,
): Setting<ValkeyAddress | undefined | ''> {
  return {
    ...setting,
    secret: true,
    default: '',
    expected: 'a URL like redis://user:password@host:6379/0, or rediss:// for TLS',
    parse: (value) => (value === '' ? '' : parseRedisUrl(value)),
  };
}

const url = valkeyUrl({
  env: 'SAFE_VALKEY_URL',
  doc: 'Address, name, password, database and TLS in one, instead of the other SAFE_VALKEY settings. Where both are given they must say the same.',
  sharedNames: { names: ['REDIS_URL'], while: { env: 'SAFE_COORDINATION_BACKEND', is: ['valkey', 'redis'] } },
});

export const coordinationSettings = {
  backend: choice({
    env: 'SAFE_COORDINATION_BACKEND',
    doc: 'What several nodes share hints through: rate limits, uploads in progress, turns of the workers. none: this node is alone. valkey and redis are two names of one thing.',
    default: 'none',
    of: ['none', 'valkey', 'redis'],
  }),
  address,
  username: text({
    env: 'SAFE_VALKEY_USERNAME',
    doc: 'The name to sign in with; not set for the default user.',
    default: '',
    expected: 'a name',
  }),
  password: secret({
    env: 'SAFE_VALKEY_PASSWORD',
    doc: 'The password to sign in with; not set for none.',
    expected: 'a password',
    minLength: 1,
  }),
  database,
  tls,
  url,
  uploadLeaseTtlMs: duration({
    env: 'SAFE_UPLOAD_COORDINATION_LEASE_TTL',
    doc: 'How long other nodes wait at most for an upload that a node is committing. A node that died is waited for a few seconds only.',
    default: '2m',
    atLeast: '1s',
  }),
} satisfies Settings;

export type CoordinationConfig = ValuesOf<typeof coordinationSettings>;
