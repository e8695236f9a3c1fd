import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { S3Connection } from '#platform/blobs/s3/connect-s3.ts';
import { quickProbe, thoroughProbe } from '#platform/blobs/s3/probe-store.ts';
import type { BlobConfig } from '#platform/blobs/s3/s3-settings.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { lacks } from '../support/needs.ts';
import { type FakeS3Options, startFakeS3 } from '../support/services/fake-s3.ts';
import { startRadosgw } from '../support/services/radosgw.ts';
import { type TestS3, testKeys } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  const closed = [];
  for (const close of closing.splice(0).reverse())
    closed.push(...(await Promise.allSettled([(async () => close())()])));
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
});

function settings(endpoint: string, bucket: string): BlobConfig {
  return {
    backend: 's3',
    s3Endpoint: endpoint,
    s3Region: 'us-east-1',
    s3Bucket: bucket,
    s3Prefix: 'p',
    s3AccessKeyId: testKeys.accessKey,
    s3SecretAccessKey: testKeys.secretKey,
    s3SessionToken: '',
    s3ForcePathStyle: 'auto',
  };
}

async function connect(blobs: BlobConfig): Promise<S3Connection> {
  const connection = await S3Connection.open(blobs);
  closing.push(() => connection.close());
  return connection;
}

async function connectToFake(options: FakeS3Options = {}) {
  const fake = await startFakeS3(options);
  closing.push(() => fake.stop());
  return { fake, connection: await connect(settings(fake.endpoint, fake.bucket)) };
}

function refusal(message: RegExp, remedy: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartupError, String(error));
    assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    return true;
  };
}

const real: ['radosgw' | 'versitygw', () => Promise<TestS3>, checksums: boolean][] = [
  ['radosgw', startRadosgw, false],
  ['versitygw', startVersitygw, true],
];
for (const [need, start, checksums] of real) {
  test(`${need}: one winner in each of 20 races of 64, wrong bytes refused, nothing left behind`, async (t) => {
    if (lacks(t, need)) return;
    const server = await start();
    closing.push(() => server.stop());
    const bucket = await server.createBucket();
    const connection = await connect(settings(server.endpoint, bucket));
    const report = await connection.requireSound({ writers: 64, keys: 20 });
    assert.deepEqual(report, {
      winners: Array(20).fill(1),
      stands: true,
      consistent: true,
      refusesWrongBytes: true,
      refusesWrongChecksum: checksums,
    });
    const { objects } = await connection.objects.list({ prefix: '', limit: 10 }, AbortSignal.timeout(5_000));
    assert.deepEqual(objects, []);
    await assert.rejects(connect(settings(server.endpoint, 'not-there')), refusal(/does not exist/, /Make it first/));
    const wrongSecret = { ...settings(server.endpoint, bucket), s3SecretAccessKey: 'another-secret' };
    await assert.rejects(connect(wrongSecret), refusal(/does not accept the keys/, /SAFE_S3_SECRET_ACCESS_KEY/));
    if (need !== 'radosgw') return;
    // Found by this probe: with versions it makes a new one for every writer, whatever the condition says.
    const versioned = await connect(settings(server.endpoint, await server.createBucket('versioned')));
    assert.equal(await versioned.keepsVersions(), true);
    assert.equal(await connection.keepsVersions(), false);
    await assert.rejects(versioned.requireSound(quickProbe), refusal(/conditional writes/, /bucket with versions/));
  });
}

test('a store that ignores the condition is refused, with stores that do not', async () => {
  const { connection, fake } = await connectToFake({ ignoresConditions: true });
  assert.deepEqual((await connection.probe(quickProbe)).winners, Array(quickProbe.keys).fill(quickProbe.writers));
  await assert.rejects(connection.requireSound(quickProbe), refusal(/conditional writes/, /RADOS Gateway.*Garage/));
  assert.equal(fake.objects.size, 0);
});

test('a store that forgets the condition for one of many writers is refused', async () => {
  const { connection, fake } = await connectToFake();
  // The race's winner comes first; a later one is told the same.
  const puts = 2 + thoroughProbe.writers;
  fake.next('PUT', ...Array(puts).fill({ slow: 1 }), 'ignore-condition');
  await assert.rejects(connection.requireSound(thoroughProbe), refusal(/conditional writes/, /overwritten/));
});

test('lost answers do not make two winners of one, nor none', async () => {
  const { connection, fake } = await connectToFake();
  fake.next('PUT', { slow: 1 }, { slow: 1 }, 'cut-after', 'cut-before', { status: 503, code: 'SlowDown' });
  assert.deepEqual((await connection.requireSound(quickProbe)).winners, [1, 1, 1]);
});

test('a store that is not consistent is refused, one that checks nothing is reported', async () => {
  const stale = await connectToFake({ staleMs: 30 });
  await assert.rejects(stale.connection.requireSound(quickProbe));
  const careless = await connectToFake({ ignoresHashes: true });
  const report = await careless.connection.requireSound(quickProbe);
  assert.equal(report.refusesWrongBytes || report.refusesWrongChecksum, false);
  assert.equal(careless.fake.objects.size, 0);
});

test('what cannot be reached or used is said in words, without its names', async () => {
  const fake = await startFakeS3();
  closing.push(() => fake.stop());
  const good = settings(fake.endpoint, fake.bucket);
  const cases: [status: number, code: string, RegExp, RegExp][] = [
    [403, 'AccessDenied', /refuses access/, /s3:PutObject/],
    [403, 'RequestTimeTooSkewed', /clock/, /Set the clock/],
    [301, 'PermanentRedirect', /another region/, /SAFE_S3_REGION/],
    [400, 'AuthorizationHeaderMalformed', /another region/, /SAFE_S3_REGION/],
    [403, 'SignatureDoesNotMatch', /keys/, /SAFE_S3_SECRET_ACCESS_KEY/],
    [501, 'NotImplemented', /does not know/, /conditional writes/],
    [418, 'Teapot', /status 418/, /log/],
  ];
  for (const [status, code, message, remedy] of cases) {
    fake.next('GET', { status, code });
    await assert.rejects(connect(good), refusal(message, remedy));
  }
  const connection = await connect(good);
  fake.always('PUT', { status: 403, code: 'AccessDenied' });
  await assert.rejects(connection.requireSound(quickProbe), refusal(/refuses access/, /s3:PutObject/));
  fake.always('PUT', undefined);
  fake.always('DELETE', { status: 403, code: 'AccessDenied' });
  await assert.rejects(connection.requireSound(quickProbe), refusal(/refuses access/, /s3:DeleteObject/));
  // Each is tried until its time is up.
  await Promise.all([
    assert.rejects(connect(settings('http://127.0.0.1:9', 'b-b')), refusal(/Nothing listens/, /correct the address/)),
    assert.rejects(connect(settings('http://no.such.invalid', 'b-b')), refusal(/host name/, /SAFE_S3_ENDPOINT/)),
    assert.rejects(connect(settings(fake.endpoint.replace('http:', 'https:'), 'b-b')), refusal(/TLS/, /https/)),
  ]);
});

test('rows without any object are refused, and a probe’s leftovers are swept once they are old', async () => {
  const { connection, fake } = await connectToFake();
  await connection.refuseLostBlobs(false);
  await assert.rejects(connection.refuseLostBlobs(true), refusal(/none of their bytes/, /SAFE_S3_BUCKET/));
  fake.objects.set('p/incidents/inc_1/video_000000.enc', { bytes: Buffer.alloc(1), nonce: undefined });
  fake.objects.set('p/proofline-probe/old/1', { bytes: Buffer.alloc(1), nonce: undefined });
  await connection.refuseLostBlobs(true);
  await connection.removeForgottenProbes();
  assert.deepEqual([...fake.objects.keys()], ['p/incidents/inc_1/video_000000.enc']);
});
