import { StartupError } from '#platform/process/startup-error.ts';
import type { S3Code, S3Failure } from './s3-failure.ts';

type Words = readonly [message: string, remedy: string];

const keys: Words = [
  'The S3 store does not accept the keys.',
  'Check SAFE_S3_ACCESS_KEY_ID and SAFE_S3_SECRET_ACCESS_KEY, and SAFE_S3_SESSION_TOKEN where the keys are lent.',
];
const region: Words = [
  'The bucket is in another region than SAFE_S3_REGION, or at another endpoint.',
  'Set SAFE_S3_REGION to the region of the bucket, and SAFE_S3_ENDPOINT to the endpoint of that region.',
];
const certificate: Words = [
  'The certificate of the S3 store is not trusted.',
  'Check the host name in SAFE_S3_ENDPOINT. For an authority of your own, name its certificate in NODE_EXTRA_CA_CERTS.',
];

const byCode: Partial<Record<S3Code, Words>> = {
  NoSuchBucket: [
    'The bucket of SAFE_S3_BUCKET does not exist.',
    'Make it first, or correct the name. This server makes none.',
  ],
  AccessDenied: [
    'The S3 store refuses access.',
    'Allow these keys s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects. A retention or lock on objects that forbids removing them does the same.',
  ],
  InvalidAccessKeyId: keys,
  SignatureDoesNotMatch: keys,
  ExpiredToken: keys,
  InvalidToken: keys,
  CredentialsProviderError: [
    "There are no keys for the S3 store: neither in the settings nor where AWS's SDK looks.",
    'Set SAFE_S3_ACCESS_KEY_ID and SAFE_S3_SECRET_ACCESS_KEY, or give this machine a role.',
  ],
  PermanentRedirect: region,
  AuthorizationHeaderMalformed: region,
  IllegalLocationConstraintException: region,
  RequestTimeTooSkewed: [
    'The clock of this machine and that of the S3 store differ by more than 15 minutes.',
    'Set the clock (timedatectl). The times of evidence depend on it.',
  ],
  NotImplemented: [
    'The S3 store does not know something that this server needs.',
    'It needs conditional writes (If-None-Match: *), ranges and ListObjectsV2. See docs/operations/s3-stores.md.',
  ],
  ECONNREFUSED: ['Nothing listens at SAFE_S3_ENDPOINT.', 'Start the store, or correct the address and its port.'],
  ENOTFOUND: [
    'The host name of the S3 store is not known.',
    'Check SAFE_S3_ENDPOINT. A store of your own that is named by its host needs SAFE_S3_FORCE_PATH_STYLE=true.',
  ],
  EPROTO: [
    'The S3 store does not speak TLS at SAFE_S3_ENDPOINT, or not a version that is safe.',
    'Check whether the address begins with http:// or https://, and its port.',
  ],
  CERT_HAS_EXPIRED: certificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  ERR_TLS_CERT_ALTNAME_INVALID: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
};

const settingsHere = 'SAFE_S3_';

/** In words for the operator; names settings, never their values. `settings` is what their names begin with. */
export function explainFailure(failure: S3Failure, settings = settingsHere): StartupError {
  const { code, status } = failure;
  const [message, remedy] = byCode[code] ?? byStatus(status);
  const named = (words: string) => words.replaceAll(settingsHere, settings);
  return new StartupError(named(message), named(remedy), { cause: failure });
}

function byStatus(status: number | undefined): Words {
  if (status === undefined)
    return [
      'The S3 store does not answer.',
      'Check SAFE_S3_ENDPOINT, that the store runs, and that no firewall is between.',
    ];
  if (status === 301 || status === 307) return region;
  if (status === 403) return keys;
  if (status === 404)
    return [
      'The S3 store knows no such bucket, or no such key id.',
      'Check SAFE_S3_ENDPOINT, SAFE_S3_BUCKET and SAFE_S3_ACCESS_KEY_ID.',
    ];
  return [
    `The S3 store answers with status ${status}.`,
    'Look into its log. The first request lists the bucket, the next ones write, read and remove small objects.',
  ];
}
