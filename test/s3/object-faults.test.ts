import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { ServiceObjects } from '#features/lineage/stores/objects/keys.ts';
import { compactDay } from '#features/lineage/stores/objects/manifests.ts';
import { objectRunStoreContract } from '#features/lineage/stores/objects/object-run-store.contract.ts';
import { ObjectRunStore } from '#features/lineage/stores/objects/object-run-store.ts';
import { run } from '#features/lineage/stores/run-store.contract.ts';
import { isProblem } from '#kit/errors.ts';
import { objectStoreContract } from '#platform/objects/object-store.contract.ts';
import type { ObjectStore } from '#platform/objects/object-store.ts';
import { openS3ObjectStore } from '#platform/objects/s3/open-s3-object-store.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { type FakeS3, type FakeS3Options, type Fault, startFakeS3 } from '../support/services/fake-s3.ts';
import { s3Access } from '../support/services/s3-server.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Rig {
  fake: FakeS3;
  store: ObjectStore;
  warnings: string[];
}

/** `later` goes wrong only once it was found sound and is open. */
async function rig(options: FakeS3Options = {}, later: FakeS3Options = {}, commitTimeMs = 5_000): Promise<Rig> {
  // The fake looks at them anew with each request.
  const current = { ...options };
  const fake = await startFakeS3(current);
  closing.push(() => fake.stop());
  const warnings: string[] = [];
  const store = await openS3ObjectStore({
    access: s3Access(fake.endpoint),
    bucket: fake.bucket,
    prefix: 'strict',
    probe: { writers: 4, keys: 1 },
    log: { warn: (_, message) => void warnings.push(message) },
    commitTimeMs,
  });
  closing.push(() => store.close());
  Object.assign(current, later);
  fake.requests.length = 0;
  return { fake, store, warnings };
}

const bytes = (size = 500) => new Uint8Array(randomBytes(size));
const create = (store: ObjectStore, key: string, of: Uint8Array<ArrayBuffer>) =>
  store.create(key, of, createHash('sha256').update(of).digest('hex'));
const keys = async (store: ObjectStore, prefix: string, after?: string) =>
  (await Array.fromAsync(store.list(prefix, after), ({ key }) => key)).sort();
const methods = (fake: FakeS3) => fake.requests.map(({ method }) => method).join(' ');
const unavailable = (error: unknown) => isProblem(error, 'storage_unavailable');

/** Every third answer to a write is lost, some before they were carried out, and every fourth to a question. */
const lossy: FakeS3Options['pattern'] = ({ count, key, method }) => {
  if (method === 'PUT' && count % 3 === 0) return count % 2 === 0 ? 'cut-after' : 'cut-before';
  if (method === 'PUT' && count % 7 === 0) return 'done-but-412';
  // Readiness asks for the bucket once, and says what it heard.
  return method !== 'PUT' && key !== '' && count % 4 === 0 ? 'cut-after' : undefined;
};

objectStoreContract('S3, as it should be', async () => (await rig()).store);
objectStoreContract('S3, ETags without quotes', async () => (await rig({ ifMatch: 'bare' })).store);
for (const listings of ['unordered', 'ragged', 'from-the-start'] as const) {
  objectStoreContract(`S3, ${listings} listings`, async () => (await rig({}, { listings })).store);
  objectRunStoreContract(`S3, ${listings} listings`, async () => (await rig({}, { listings })).store);
}
objectRunStoreContract('S3 that loses answers', async () => (await rig({}, { pattern: lossy })).store);
for (const ifMatch of ['ignored', 'unknown'] as const)
  objectRunStoreContract(`S3, If-Match ${ifMatch}`, async () => (await rig({ ifMatch })).store);

const survived: [name: string, faults: Fault[], requests: string][] = [
  ['a lost answer', ['cut-after'], 'PUT HEAD'],
  ['a request lost on its way', ['cut-before'], 'PUT HEAD PUT'],
  ['412 after a success of our own', ['done-but-412'], 'PUT HEAD'],
  ['409, then success', [{ status: 409, code: 'ConditionalRequestConflict' }], 'PUT HEAD PUT'],
  ['busy twice', Array<Fault>(2).fill({ status: 503, code: 'SlowDown' }), 'PUT PUT PUT'],
  ['slow', [{ slow: 500 }], 'PUT'],
];
for (const [name, faults, requests] of survived)
  test(`create: ${name}`, async () => {
    const { fake, store } = await rig();
    const body = bytes();
    fake.next('PUT', ...faults);
    assert.equal(await create(store, 'a', body), 'created');
    assert.equal(methods(fake), requests);
    assert.equal(await create(store, 'a', body), 'same');
    const { metadata } = fake.objects.get('a') ?? {};
    assert.equal(metadata?.['x-amz-meta-sha256'], createHash('sha256').update(body).digest('hex'));
  });

test('of racers whose answers are all lost exactly one is told that it created', async () => {
  const { fake, store } = await rig();
  const bodies = Array.from({ length: 32 }, () => bytes());
  fake.next('PUT', ...Array<Fault>(32).fill('cut-after'));
  const outcomes = await Promise.all(bodies.map((body) => create(store, 'a', body)));
  assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1);
  assert.deepEqual((await store.read('a'))?.bytes, bodies[outcomes.indexOf('created')]);
});

test('a store that hangs is given up in time, refused at once from then on, and used again when it answers', async () => {
  const { fake, store } = await rig({}, {}, 900);
  fake.always('PUT', 'hang');
  await assert.rejects(create(store, 'a', bytes()), unavailable);
  fake.always('HEAD', 'hang');
  fake.requests.length = 0;
  await assert.rejects(create(store, 'a', bytes()), unavailable);
  await assert.rejects(store.replace('p', bytes(), undefined), unavailable);
  assert.equal(methods(fake).includes('PUT'), false);
  assert.equal(await store.health(), 'unavailable');
  fake.always('PUT', undefined);
  fake.always('HEAD', undefined);
  for (let i = 0; (await store.health()) !== 'ok'; i++) {
    assert.ok(i < 100, 'it did not come back');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(await create(store, 'a', bytes()), 'created');
});

test('a replacement whose answer was lost is not taken for one; the next look finds it', async () => {
  const { fake, store } = await rig();
  const [first, second] = [bytes(), bytes()];
  assert.equal(await store.replace('p', first, undefined), true);
  const tag = (await store.read('p'))?.tag;
  fake.next('PUT', 'cut-after');
  assert.equal(await store.replace('p', second, tag), false);
  assert.deepEqual((await store.read('p'))?.bytes, second);
  fake.next('PUT', { status: 503, code: 'SlowDown' });
  assert.equal(await store.replace('p', first, (await store.read('p'))?.tag), true);
  fake.next('PUT', { status: 403, code: 'AccessDenied' });
  await assert.rejects(store.replace('p', second, (await store.read('p'))?.tag), unavailable);
});

test('a replacement that arrives late does not take the place of a newer one', async () => {
  const { fake, store } = await rig();
  assert.equal(await store.replace('p', bytes(), undefined), true);
  const tag = (await store.read('p'))?.tag;
  fake.next('PUT', { late: 300 });
  const late = store.replace('p', bytes(), tag);
  const newest = bytes();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await store.replace('p', newest, tag), true);
  fake.always('PUT', undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual((await store.read('p'))?.bytes, newest);
  assert.equal(await late, false);
});

test('a body that was harmed or cut on its way is read again; one that stays harmed is not handed out', async () => {
  const { fake, store } = await rig();
  const body = bytes();
  await create(store, 'a', body);
  for (const fault of ['wrong-byte', 'cut-in-body', 'short-body', 'cut-before'] as const) {
    fake.next('GET', fault);
    assert.deepEqual((await store.read('a'))?.bytes, body, fault);
  }
  fake.always('GET', 'wrong-byte');
  await assert.rejects(store.read('a'), (error) => isProblem(error, 'evidence_corrupt'));
});

test('a lost bucket is not an empty one', async () => {
  const { fake, store } = await rig();
  const gone: Fault = { status: 404, code: 'NoSuchBucket' };
  for (const method of ['GET', 'PUT']) fake.always(method, gone);
  await assert.rejects(store.read('a'), unavailable);
  await assert.rejects(create(store, 'a', bytes()), unavailable);
  await assert.rejects(store.replace('p', bytes(), undefined), unavailable);
  await assert.rejects(keys(store, ''), unavailable);
  await assert.rejects(store.level('a/'), unavailable);
});

for (const listings of ['cut', 'circling'] as const)
  test(`a listing that is ${listings} fails instead of passing for whole`, async () => {
    const { store } = await rig({}, { listings });
    await create(store, 'a/1', bytes());
    await assert.rejects(keys(store, 'a/'), unavailable);
    await assert.rejects(store.level('a/'), unavailable);
  });

for (const [name, options] of [
  ['does not list at once what it took', { listings: 'late' }],
  ['ignores the condition', { ignoresConditions: true }],
] as const)
  test(`a store that ${name} is refused at start`, async () => {
    await assert.rejects(rig(options), (error) => error instanceof StartupError);
  });

for (const ifMatch of ['ignored', 'unknown'] as const)
  test(`where If-Match is ${ifMatch} no pointer is written, the newest run is found, and no line is lost`, async () => {
    const { fake, store, warnings } = await rig({ ifMatch });
    assert.equal(warnings.length, 1);
    const runs = new ObjectRunStore(store, 'strict');
    const key = { organization: 'acme', project: 'shop', service: 'api' };
    const at = new ServiceObjects('strict', key);
    const times = Array.from(
      { length: 12 },
      (_, i) => `2026-01-02T12:00:00.0${String((i * 7) % 12).padStart(2, '0')}Z`,
    );
    await Promise.all(times.map((time, i) => runs.put(run(`r${i}`), time)));
    assert.equal((await runs.latest(key))?.received_at, '2026-01-02T12:00:00.011Z');
    await compactDay(store, at, '2026-01-02');
    assert.equal((await runs.latest(key))?.received_at, '2026-01-02T12:00:00.011Z');
    assert.equal((await runs.day(key, { day: '2026-01-02' })).length, 12);
    assert.equal(fake.objects.has(at.latest), false);
  });
