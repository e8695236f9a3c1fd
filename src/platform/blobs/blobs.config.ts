import { choice, type Settings, secret, text } from '#platform/process/setting.ts';

export const blobSettings = {
  backend: choice({
    env: 'SAFE_BLOB_BACKEND',
    doc: 'Where bytes are kept: `local`, in SAFE_DATA_DIR, or `s3`, in a bucket of an S3-compatible store. See operations/s3-stores.md.',
    default: 'local',
    of: ['local', 's3'],
  }),
  s3Endpoint: text({
    env: 'SAFE_S3_ENDPOINT',
    aliases: ['MINIO_ENDPOINT'],
    doc: 'The store. Not set: that of AWS in SAFE_S3_REGION.',
    default: '',
    expected: 'an address like https://s3.example.org or http://127.0.0.1:9000, without a path or a password',
    pattern: /^(https?:\/\/[A-Za-z0-9.[\]:-]+\/?)?$/,
  }),
  s3Region: text({
    env: 'SAFE_S3_REGION',
    doc: 'The region that requests are signed for. Stores of your own mostly take any.',
    default: 'us-east-1',
    expected: 'a region like eu-central-1',
    pattern: /^[A-Za-z0-9-]{1,64}$/,
  }),
  s3Bucket: text({
    env: 'SAFE_S3_BUCKET',
    aliases: ['MINIO_BUCKET'],
    doc: 'The bucket. It must exist. Needed with `s3`.',
    default: '',
    expected: "a bucket's name",
    pattern: /^([A-Za-z0-9][A-Za-z0-9._-]{1,62})?$/,
  }),
  s3Prefix: text({
    env: 'SAFE_S3_PREFIX',
    doc: 'Put before the key of every object, with a slash between. Two deployments in one bucket need different ones.',
    default: '',
    expected:
      'a relative path like safe/evidence of letters, digits, dots, hyphens and underscores, without empty, . or .. segments',
    pattern: /^((?!\.\.?(\/|$))[A-Za-z0-9_.-]+(\/(?!\.\.?(\/|$))[A-Za-z0-9_.-]+)*)?$/,
  }),
  s3AccessKeyId: secret({
    env: 'SAFE_S3_ACCESS_KEY_ID',
    aliases: ['MINIO_ROOT_USER'],
    doc: "Key to the store, together with its secret. Neither set: found where AWS's SDK looks (environment, profile, web identity, instance role).",
    expected: 'the key id that the store gave out',
    minLength: 3,
  }),
  s3SecretAccessKey: secret({
    env: 'SAFE_S3_SECRET_ACCESS_KEY',
    aliases: ['MINIO_ROOT_PASSWORD'],
    doc: 'The secret of SAFE_S3_ACCESS_KEY_ID.',
    expected: 'the secret that the store gave out',
    minLength: 8,
  }),
  s3SessionToken: secret({
    env: 'SAFE_S3_SESSION_TOKEN',
    doc: 'With keys that are only lent: the token that belongs to them.',
    expected: 'the token that came with the keys',
    minLength: 8,
  }),
  s3ForcePathStyle: choice({
    env: 'SAFE_S3_FORCE_PATH_STYLE',
    doc: 'Whether the bucket is named in the path and not in the host name. `auto`: in the path when SAFE_S3_ENDPOINT is set.',
    default: 'auto',
    of: ['auto', 'true', 'false'],
  }),
} satisfies Settings;
