import {
  addresses,
  bytes,
  choice,
  integer,
  type Settings,
  secret,
  text,
  type ValuesOf,
} from '#platform/process/setting.ts';

/** Where runs are kept and what is taken. Who may is in identity/identity.config.ts. */
export const lineageSettings = {
  addresses: addresses({
    env: 'STRICTURE_SERVER_ADDR',
    doc: 'Where `proofline lineage serve` listens. `proofline serve` answers lineage on SAFE_MAIN_BIND_ADDRS.',
    default: '127.0.0.1:8085',
  }),
  driver: choice({
    env: 'STRICTURE_SERVER_STORAGE_DRIVER',
    doc: 'Where runs are kept: `fs`, a folder; `s3` or `r2`, a bucket; `hybrid`, a folder that is copied to a bucket in the background.',
    default: 'fs',
    of: ['fs', 's3', 'r2', 'hybrid'],
  }),
  dataDir: text({
    env: 'STRICTURE_SERVER_DATA_DIR',
    doc: 'The folder of `fs` and `hybrid`. Not set: `lineage` in SAFE_DATA_DIR.',
    default: '',
    expected: 'a folder',
  }),
  bucket: text({
    env: 'STRICTURE_SERVER_OBJECT_BUCKET',
    doc: 'The bucket of `s3`, `r2` and `hybrid`. It must exist.',
    default: '',
    expected: "a bucket's name",
    pattern: /^([A-Za-z0-9][A-Za-z0-9._-]{1,62})?$/,
  }),
  prefix: text({
    env: 'STRICTURE_SERVER_OBJECT_PREFIX',
    doc: 'Put before the key of every object, with a slash between. Two deployments in one bucket need different ones.',
    default: 'strict',
    expected: 'a relative path like strict or ci/lineage of letters, digits, dots, hyphens and underscores',
    pattern: /^((?!\.\.?(\/|$))[A-Za-z0-9_.-]{1,64}(\/(?!\.\.?(\/|$))[A-Za-z0-9_.-]{1,64}){0,3})?$/,
  }),
  endpoint: text({
    env: 'STRICTURE_SERVER_OBJECT_ENDPOINT',
    doc: 'The S3-compatible store. Not set: that of AWS in the region, or with `r2` that of STRICTURE_SERVER_R2_ACCOUNT_ID.',
    default: '',
    expected: 'an address like https://s3.example.org or http://127.0.0.1:9000, without a path or a password',
    pattern: /^(https?:\/\/[A-Za-z0-9.[\]:-]+\/?)?$/,
  }),
  region: text({
    env: 'STRICTURE_SERVER_OBJECT_REGION',
    doc: 'The region that requests are signed for. R2 wants `auto`, which `r2` sets by itself.',
    default: 'us-east-1',
    expected: 'a region like eu-central-1',
    pattern: /^[A-Za-z0-9-]{1,64}$/,
  }),
  accessKeyId: secret({
    env: 'STRICTURE_SERVER_OBJECT_ACCESS_KEY_ID',
    doc: "Key to the store, together with its secret. Neither set: found where AWS's SDK looks.",
    expected: 'the key id that the store gave out',
    minLength: 3,
  }),
  secretAccessKey: secret({
    env: 'STRICTURE_SERVER_OBJECT_SECRET_ACCESS_KEY',
    doc: 'The secret of STRICTURE_SERVER_OBJECT_ACCESS_KEY_ID.',
    expected: 'the secret that the store gave out',
    minLength: 8,
  }),
  sessionToken: secret({
    env: 'STRICTURE_SERVER_OBJECT_SESSION_TOKEN',
    doc: 'With keys that are only lent: the token that belongs to them.',
    expected: 'the token that came with the keys',
    minLength: 8,
  }),
  forcePathStyle: choice({
    env: 'STRICTURE_SERVER_OBJECT_FORCE_PATH_STYLE',
    doc: 'Whether the bucket is named in the path and not in the host name. `auto`: in the path when an endpoint is set.',
    default: 'auto',
    of: ['auto', 'true', 'false'],
  }),
  r2AccountId: text({
    env: 'STRICTURE_SERVER_R2_ACCOUNT_ID',
    doc: 'The Cloudflare account of an R2 bucket, for `r2` and for `hybrid` on R2.',
    default: '',
    expected: '32 hexadecimal digits',
    pattern: /^([0-9a-f]{32})?$/,
  }),
  collisionPolicy: choice({
    env: 'STRICTURE_SERVER_COLLISION_POLICY',
    doc: 'Other content under a run id that is taken: `reject` answers 409, `noop` keeps the first and says so.',
    default: 'reject',
    of: ['reject', 'noop'],
  }),
  maxBodyBytes: bytes({
    env: 'STRICTURE_SERVER_MAX_BODY_BYTES',
    doc: 'The largest record that is taken.',
    default: '10485760',
    atLeast: 1024,
  }),
  index: choice({
    env: 'STRICTURE_SERVER_INDEX',
    doc: 'A cache of manifests that makes questions over many days quicker: in a SQLite file of its own, or in the PostgreSQL of SAFE_POSTGRES_DSN. No answer depends on it.',
    default: 'none',
    of: ['none', 'sqlite', 'postgresql'],
  }),
  defaultOrganization: text({
    env: 'STRICTURE_SERVER_DEFAULT_ORGANIZATION',
    doc: 'Whose the jobs of OpenLineage events are whose namespace names no organization.',
    default: 'openlineage',
    expected: 'lower-case letters, digits and hyphens',
    pattern: /^[a-z0-9]+(-[a-z0-9]+)*$/,
  }),
  maxBatchEvents: integer({
    env: 'STRICTURE_SERVER_MAX_BATCH_EVENTS',
    doc: 'The most OpenLineage events that are taken in one batch.',
    default: '1000',
    min: 1,
    max: 10_000,
  }),
} satisfies Settings;

export type LineageConfig = ValuesOf<typeof lineageSettings>;
