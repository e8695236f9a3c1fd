import {
  addresses,
  bytes,
  duration,
  integer,
  type Setting,
  type Settings,
  secret,
  text,
  type ValuesOf,
} from '#platform/process/setting.ts';
import { fanoutSettings } from './fanout/fanout.config.ts';

const coreUrl: Setting<URL | ''> = {
  env: 'SAFE_RELAY_CORE_URL',
  doc: 'Where the relay listener of the server is (its SAFE_RELAY_API_BIND_ADDRS), as this relay reaches it.',
  default: '',
  expected: 'an address like https://core.example.org:8443, without a path, a name or a password',
  parse: (value) => {
    if (value === '') return '';
    const url = URL.parse(value);
    const plain =
      url !== null &&
      url.pathname === '/' &&
      url.search === '' &&
      url.hash === '' &&
      url.username + url.password === '';
    return plain && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
  },
};

const liveOrigins: Setting<readonly string[]> = {
  env: 'SAFE_RELAY_LIVE_ORIGINS',
  doc: 'Where pages may come from that read along: the origin of the viewer. Empty: no page of another origin.',
  default: '',
  expected: 'origins separated by commas, like https://evidence.example.org',
  parse: (value) => {
    const list = value === '' ? [] : value.split(',').map((part) => part.trim());
    return list.every((origin) => URL.parse(origin)?.origin === origin) ? list : undefined;
  },
};

export const relaySettings = {
  addresses: addresses({
    env: 'SAFE_RELAY_BIND_ADDRS',
    doc: 'Where `proofline relay` listens.',
    default: '127.0.0.1:8082',
  }),
  metricsAddresses: addresses({
    env: 'SAFE_RELAY_METRICS_BIND_ADDRS',
    doc: 'Where the relay answers /metrics, and nothing else. Not set: nowhere.',
    default: '',
  }),
  coreUrl,
  coreCaFile: text({
    env: 'SAFE_RELAY_CORE_CA_FILE',
    doc: 'Authorities in PEM that the certificate of the core is checked against, in place of the usual ones.',
    default: '',
    expected: 'a file',
  }),
  privateKeyFile: text({
    env: 'SAFE_RELAY_PRIVATE_KEY_FILE',
    doc: 'The key that this relay proves itself with, a private JWK as `proofline keys relay` makes it; the name of the relay is in it. Read again when it changes.',
    default: '',
    expected: 'a file',
  }),
  stagingDir: text({
    env: 'SAFE_RELAY_STAGING_DIR',
    doc: 'The folder for what is being uploaded. This relay alone uses it, and empties it at every start.',
    default: './relay-staging',
    expected: 'a folder',
    pattern: /./,
  }),
  stagingQuotaBytes: bytes({
    env: 'SAFE_RELAY_STAGING_QUOTA_BYTES',
    doc: 'Bytes that the relay holds at once, in memory and in files, for uploads and for those who read along. More is refused with 507, before the body.',
    default: '2GiB',
    atLeast: 1,
  }),
  memoryBytes: bytes({
    env: 'SAFE_RELAY_STAGING_MEMORY_BYTES',
    doc: 'How much of that may be in memory. What does not fit, and every body of more than 1 MiB, is in a file.',
    default: '64MiB',
  }),
  maxUploadBytes: bytes({
    env: 'SAFE_RELAY_MAX_UPLOAD_BYTES',
    doc: 'The largest chunk that this relay takes; the core may allow less.',
    default: '250MB',
    atLeast: 1,
  }),
  maxUploads: integer({
    env: 'SAFE_RELAY_MAX_UPLOADS',
    doc: 'Uploads at once. More are refused with 507, before the body.',
    default: '128',
    min: 1,
    max: 100_000,
  }),
  maxUploadsPerClient: integer({
    env: 'SAFE_RELAY_MAX_UPLOADS_PER_CLIENT',
    doc: 'Uploads at once with one capability. More are refused with 429, before the body.',
    default: '8',
    min: 1,
    max: 100_000,
  }),
  coreTimeoutMs: duration({
    env: 'SAFE_RELAY_CORE_TIMEOUT',
    doc: 'How long the core may say nothing and take nothing before the relay gives a request up.',
    default: '10s',
    atLeast: '100ms',
  }),
  forwardTimeoutMs: duration({
    env: 'SAFE_RELAY_FORWARD_TIMEOUT',
    doc: 'How long one chunk may take to the core, with the answer, however steadily it goes.',
    default: '5m',
    atLeast: '100ms',
  }),
  denials: integer({
    env: 'SAFE_RELAY_DENIALS',
    doc: 'After so many denials by the core within SAFE_RELAY_DENIAL_WINDOW a credential is refused without asking.',
    default: '5',
    min: 1,
    max: 1_000_000,
  }),
  denialWindowMs: duration({
    env: 'SAFE_RELAY_DENIAL_WINDOW',
    doc: 'The window in which denials are counted.',
    default: '1m',
    atLeast: '1s',
  }),
  pressures: integer({
    env: 'SAFE_RELAY_PRESSURES',
    doc: 'After the core has said 429 so often within SAFE_RELAY_PRESSURE_WINDOW a credential is refused without asking.',
    default: '10',
    min: 1,
    max: 1_000_000,
  }),
  pressureWindowMs: duration({
    env: 'SAFE_RELAY_PRESSURE_WINDOW',
    doc: "The window in which the core's 429s are counted.",
    default: '10s',
    atLeast: '1s',
  }),
  counterSecret: secret({
    env: 'SAFE_RELAY_COUNTER_SECRET',
    doc: 'Credentials are counted under an HMAC with this secret. Relays that share a Valkey share it; one that is alone makes its own.',
    expected: 'at least 32 characters',
    minLength: 32,
  }),
  liveOrigins,
  ...fanoutSettings,
} satisfies Settings;

export type RelayConfig = ValuesOf<typeof relaySettings>;
