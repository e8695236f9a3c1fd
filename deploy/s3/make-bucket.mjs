// Makes the bucket of SAFE_S3_BUCKET and lets one user of the store do in it what a server of Proofline does, and no more. Run it with the
// keys of the store's owner, once, and again whenever you like:
//
//   SAFE_S3_ENDPOINT=http://127.0.0.1:9000 SAFE_S3_BUCKET=evidence SAFE_S3_ACCESS_KEY_ID_FILE=… SAFE_S3_SECRET_ACCESS_KEY_FILE=… \
//     node deploy/s3/make-bucket.mjs PRINCIPAL
//
// PRINCIPAL is how the store names that user in a policy: its key id for versitygw, arn:aws:iam:::user/NAME for Ceph, arn:aws:iam::… for
// AWS. Without one no policy is set. The policy itself is bucket-policy.json, beside this file.
import { readFileSync } from 'node:fs';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';

const setting = (name) => {
  const file = process.env[`${name}_FILE`];
  const value = process.env[name] ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim());
  if (value === undefined || value === '') {
    process.stderr.write(`make-bucket: set ${name}, or ${name}_FILE\n`);
    process.exit(2);
  }
  return value;
};

const bucket = setting('SAFE_S3_BUCKET');
const principal = process.argv[2];
const client = new S3Client({
  endpoint: setting('SAFE_S3_ENDPOINT'),
  region: process.env.SAFE_S3_REGION ?? 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: setting('SAFE_S3_ACCESS_KEY_ID'), secretAccessKey: setting('SAFE_S3_SECRET_ACCESS_KEY') },
});

try {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  process.stdout.write('the bucket was made\n');
} catch (error) {
  if (error.name !== 'BucketAlreadyOwnedByYou' && error.name !== 'BucketAlreadyExists') fail(error);
  process.stdout.write('the bucket is there already\n');
}
if (principal !== undefined) {
  const policy = readFileSync(new URL('bucket-policy.json', import.meta.url), 'utf8')
    .replaceAll('BUCKET', bucket)
    .replaceAll('PRINCIPAL', principal);
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy })).catch(fail);
  process.stdout.write('its policy is set\n');
}
client.destroy();

/** The name of an error says what is wrong; its text may repeat what was sent. */
function fail(error) {
  process.stderr.write(
    `make-bucket: the store answered ${error.name} (${error.$metadata?.httpStatusCode ?? error.code})\n`,
  );
  process.exit(1);
}
