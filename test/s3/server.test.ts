import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { bytesOf } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { lacks } from '../support/needs.ts';
import { cli, scratchFolder } from '../support/server.ts';
import { type FakeS3, type FakeS3Options, type Fault, startFakeS3 } from '../support/services/fake-s3.ts';
import { s3Environment } from '../support/services/s3-server.ts';
import { startVersitygw } from '../support/services/versitygw.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  const closed = [];
  for (const close of closing.splice(0).reverse())
    closed.push(...(await Promise.allSettled([(async () => close())()])));
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
});

const words = {
  canary: 'CANARY-answer',
  accessKey: 'CANARY-key-id',
  secretKey: 'CANARY-secret-key',
  prefix: 'CANARY-prefix',
};

async function fakeStore(options: FakeS3Options = {}): Promise<{ fake: FakeS3; env: Record<string, string> }> {
  const fake = await startFakeS3({ canary: words.canary, ...options });
  closing.push(() => fake.stop());
  const store = { ...fake, ...words, pids: [], createBucket: async () => fake.bucket };
  return { fake, env: { ...s3Environment(store, fake.bucket), SAFE_S3_PREFIX: words.prefix } };
}

function assertSilent(text: string, fake: FakeS3): void {
  for (const secret of [...Object.values(words), fake.bucket, fake.endpoint, new URL(fake.endpoint).host])
    assert.ok(!text.includes(secret), `${secret} was written`);
}

/** Without the judgement of its log: errors are meant to be there. */
async function end(world: World): Promise<void> {
  await world.server.stop();
  world.remove();
}

async function blobsState(world: World): Promise<string> {
  const answer = await fetch(`${world.server.adminUrl}/admin/health/ready`);
  return ((await answer.json()) as { checks: { blobs: string } }).checks.blobs;
}

async function removed(world: World, incident: string): Promise<true | undefined> {
  const { body } = await world.ada.get(`/v1/incidents/${incident}/deletion`);
  return body.deletion?.state === 'deleted' ? true : undefined;
}

test('from upload to deletion on a real store, and doctor agrees', async (t) => {
  if (lacks(t, 'versitygw')) return;
  const store = await startVersitygw();
  closing.push(() => store.stop());
  const env = {
    ...s3Environment(store, await store.createBucket()),
    SAFE_S3_PREFIX: 'a/b',
    SAFE_DELETION_WORKER_INTERVAL: '1s',
  };
  const world = await openWorld('s3', env);
  closing.push(() => world.close());
  const incident = await world.ada.incident();
  const { id, chunks } = await world.ada.filledStream(incident, 5, 'video', 200_000);
  const large = bytesOf(9 * 1024 * 1024);
  assert.equal((await world.ada.put(incident, id, 6, large)).status, 201);
  assert.equal((await world.ada.put(incident, id, 6, large)).code, 'duplicate_chunk');
  assert.equal((await world.ada.complete(incident, id, 6)).status, 200);
  const bundle = await world.ada.get(`/v1/incidents/${incident}/streams/${id}/download`);
  assert.equal(bundle.status, 200);
  for (const chunk of [...chunks, large]) assert.ok(bundle.bytes.includes(chunk));
  assert.deepEqual(readdirSync(join(world.server.dataDir, 'staging')), []);

  const raced = await world.ada.stream(incident);
  for (let index = 1; index <= 10; index++) {
    const bodies = Array.from({ length: 32 }, () => bytesOf(3_000));
    const answers = await Promise.all(bodies.map((bytes) => world.ada.put(incident, raced, index, bytes)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const { code } of answers)
      assert.match(code, /^(|duplicate_chunk|duplicate_chunk_conflict|upload_in_progress)$/);
  }

  const doctor = await cli(['doctor', '--blobs', '--hash'], { SAFE_DATA_DIR: world.server.dataDir, ...env });
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
  assert.match(doctor.stdout, /s3 writes +an object is created once/);
  assert.match(
    doctor.stdout,
    /16 rows against 16 blobs, \d+ bytes hashed: 0 missing, 0 different, 0 ambiguous, 0 stray, 0 foreign/,
  );

  await world.ada.post(`/v1/incidents/${incident}/close`);
  assert.equal((await world.ada.post(`/v1/incidents/${incident}/deletion`, {})).status, 202);
  await until(() => removed(world, incident), 'the incident is deleted');
  const after = await cli(['doctor', '--blobs'], { SAFE_DATA_DIR: world.server.dataDir, ...env });
  assert.match(after.stdout, /0 rows against 0 blobs/);
});

test('whatever the store does, uploads are answered with 503 in time, the retry works, and nothing of it is in the log', async () => {
  const { env, fake } = await fakeStore();
  const world = await openWorld('s3-faults', { ...env, SAFE_LOG_LEVEL: 'debug', SAFE_DELETION_WORKER_INTERVAL: '1s' });
  closing.push(() => end(world));
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  const bytes = bytesOf(100_000);
  const texts: string[] = [];
  const faults: Fault[] = [
    { status: 403, code: 'AccessDenied' },
    { status: 404, code: 'NoSuchBucket' },
    { status: 400, code: words.canary },
  ];
  for (const fault of faults) {
    for (const method of ['PUT', 'HEAD', 'GET']) fake.always(method, fault);
    const answer = await world.ada.put(incident, stream, 1, bytes);
    assert.equal(answer.status, 503);
    assert.equal(answer.code, 'storage_unavailable');
    assert.equal(await blobsState(world), 'unavailable');
    texts.push(answer.bytes.toString());
  }
  for (const method of ['PUT', 'HEAD', 'GET']) fake.always(method, undefined);
  assert.equal(await blobsState(world), 'ok');
  fake.next('PUT', 'cut-after');
  assert.equal((await world.ada.put(incident, stream, 1, bytes)).status, 201);
  assert.equal((await world.ada.complete(incident, stream, 1)).status, 200);
  fake.always('GET', 'wrong-byte');
  await assert.rejects(world.ada.get(`/v1/incidents/${incident}/streams/${stream}/download`));
  fake.always('GET', undefined);
  await world.ada.post(`/v1/incidents/${incident}/close`);
  fake.next('DELETE', { status: 403, code: 'AccessDenied' });
  await world.ada.post(`/v1/incidents/${incident}/deletion`, {});
  await until(() => removed(world, incident), 'the incident is deleted after all');
  assert.equal(fake.objects.size, 0);
  assertSilent(world.server.log() + texts.join(), fake);
});

test('a store that hangs is refused at once after the first, and used again when it is back', async () => {
  const { env, fake } = await fakeStore();
  const world = await openWorld('s3-hangs', env);
  closing.push(() => end(world));
  const incident = await world.ada.incident();
  const stream = await world.ada.stream(incident);
  for (const method of ['PUT', 'HEAD']) fake.always(method, 'hang');
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => world.ada.put(incident, stream, i + 1, bytesOf(60_000))),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const { code } of answers) assert.equal(code, 'storage_unavailable');
  assert.ok(seconds < 30, `${seconds} s`);
  assert.equal(await blobsState(world), 'unavailable');
  const again = performance.now();
  assert.equal((await world.ada.put(incident, stream, 1, bytesOf(100))).status, 503);
  assert.ok(performance.now() - again < 2_000);
  for (const method of ['PUT', 'HEAD']) fake.always(method, undefined);
  await until(async () => ((await blobsState(world)) === 'ok' ? true : undefined), 'the store is back');
  assert.equal((await world.ada.put(incident, stream, 1, bytesOf(100))).status, 201);
  assertSilent(world.server.log(), fake);
});

test('what keeps a server from starting is said with the setting and without its value', async () => {
  const folder = scratchFolder('s3-start');
  closing.push(folder.remove);
  const { env, fake } = await fakeStore();
  const lying = await fakeStore({ ignoresConditions: true });
  const cases: [Record<string, string>, RegExp][] = [
    [lying.env, /conditional writes.*\n.*Garage/],
    [{ ...env, SAFE_S3_BUCKET: '' }, /SAFE_S3_BUCKET is not set/],
    [{ ...env, SAFE_S3_BUCKET: 'CANARY-bucket' }, /bucket of SAFE_S3_BUCKET does not exist/],
    [{ ...env, SAFE_S3_SECRET_ACCESS_KEY: '' }, /SAFE_S3_SECRET_ACCESS_KEY is not/],
    [{ ...env, SAFE_S3_ACCESS_KEY_ID: '' }, /SAFE_S3_ACCESS_KEY_ID is not/],
    [{ ...env, SAFE_S3_PREFIX: 'CANARY/../up' }, /SAFE_S3_PREFIX/],
    [{ ...env, SAFE_S3_PREFIX: '/CANARY' }, /SAFE_S3_PREFIX/],
    [{ ...env, SAFE_S3_PREFIX: 'CANARY//x' }, /SAFE_S3_PREFIX/],
    [{ ...env, SAFE_S3_PREFIX: 'CANARY\\x' }, /SAFE_S3_PREFIX/],
    [{ ...env, SAFE_S3_ENDPOINT: 'ftp://CANARY' }, /SAFE_S3_ENDPOINT/],
    [{ ...env, SAFE_S3_ENDPOINT: 'http://127.0.0.1:9' }, /Nothing listens at SAFE_S3_ENDPOINT/],
    [{ ...env, SAFE_BLOB_BACKEND: 'CANARY' }, /SAFE_BLOB_BACKEND/],
    [{ ...env, SAFE_DOCUMENTS_MAX_UPLOAD_BYTES: '6GiB' }, /SAFE_DOCUMENTS_MAX_UPLOAD_BYTES.*5 GiB/],
    [
      { ...env, SAFE_MAX_UPLOAD_BYTES: '6GiB', SAFE_TEMP_UPLOAD_STAGING_QUOTA_BYTES: '7GiB' },
      /SAFE_MAX_UPLOAD_BYTES.*5 GiB/,
    ],
  ];
  for (const [settings, expected] of cases) {
    const { code, stderr } = await cli(['serve'], { SAFE_DATA_DIR: folder.path, ...settings });
    assert.equal(code, 78, `${expected}: ${stderr}`);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /CANARY/);
    assertSilent(stderr, fake);
  }
});

test('a database that knows chunks does not start on an empty bucket; older names of the settings work', async () => {
  const { env, fake } = await fakeStore();
  const world = await openWorld('s3-lost', env);
  closing.push(() => world.remove());
  const incident = await world.ada.incident();
  await world.ada.put(incident, await world.ada.stream(incident), 1, bytesOf(100));
  await world.server.stop();
  mkdirSync(join(world.server.dataDir, 'staging'), { recursive: true });
  const kept = new Map(fake.objects);
  fake.objects.clear();
  const lost = await cli(['serve'], { SAFE_DATA_DIR: world.server.dataDir, ...env });
  assert.equal(lost.code, 78);
  assert.match(lost.stderr, /none of their bytes/);
  for (const [key, stored] of kept) fake.objects.set(key, stored);

  const older = {
    SAFE_BLOB_BACKEND: 's3',
    SAFE_S3_PREFIX: words.prefix,
    MINIO_ENDPOINT: fake.endpoint,
    MINIO_BUCKET: fake.bucket,
    MINIO_ROOT_USER: words.accessKey,
    MINIO_ROOT_PASSWORD: words.secretKey,
  };
  const found = await cli(['doctor', '--blobs', '--json'], { SAFE_DATA_DIR: world.server.dataDir, ...older });
  assert.match(found.stdout, /"chunks":1,"blobs":1/, found.stderr);
  const shown = await cli(['config'], { SAFE_DATA_DIR: world.server.dataDir, ...older });
  assert.doesNotMatch(shown.stdout, /CANARY-key-id|CANARY-secret-key/);
});
