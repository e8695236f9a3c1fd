import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore, StagedBody } from '#platform/blobs/blob-store.ts';
import { bodyOf, contractLimits, mib, problem } from '#platform/blobs/contract-bodies.ts';
import { openS3BlobStore } from '#platform/blobs/s3/s3-blob-store.ts';
import { createS3Clients } from '#platform/blobs/s3/s3-client.ts';
import { S3Objects } from '#platform/blobs/s3/s3-objects.ts';
import { UncertainRemovals } from '#platform/blobs/s3/uncertain-removals.ts';
import { scratchFolder } from '../support/server.ts';
import { type FakeS3, type FakeS3Options, type Fault, startFakeS3 } from '../support/services/fake-s3.ts';

const path = 'incidents/inc_1/streams/str_1/video_000001.enc';
const busy: Fault = { status: 503, code: 'SlowDown' };
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  const closed = [];
  for (const close of closing.splice(0).reverse())
    closed.push(...(await Promise.allSettled([(async () => close())()])));
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
});

interface Rig {
  fake: FakeS3;
  store: BlobStore;
  staging: string;
  stage(bytes: Buffer): Promise<StagedBody>;
  /** Methods of the requests since it was last asked. */
  asked(): string;
}

async function rig(options: FakeS3Options = {}, commitTimeMs = 25_000): Promise<Rig> {
  const fake = await startFakeS3(options);
  closing.push(() => fake.stop());
  const folder = scratchFolder('s3-faults');
  closing.push(folder.remove);
  const keys = { accessKeyId: 'key-id', secretAccessKey: 'secret-key' };
  const clients = createS3Clients({ endpoint: fake.endpoint, region: 'us-east-1', forcePathStyle: true, keys });
  const objects = new S3Objects(clients, fake.bucket);
  const store = await openS3BlobStore({ objects, prefix: 'p', dataDir: folder.path, commitTimeMs, ...contractLimits });
  closing.push(() => store.close());
  return {
    fake,
    store,
    staging: join(folder.path, 'staging'),
    stage: (bytes) => store.staging.receive(bodyOf(bytes), { maxBytes: contractLimits.maxBodyBytes }),
    asked: () =>
      fake.requests
        .splice(0)
        .map(({ method }) => method)
        .join(' '),
  };
}

/** It asks by itself whether the store is back. */
async function healthy(store: BlobStore): Promise<void> {
  for (let i = 0; (await store.health()) !== 'ok'; i++) {
    assert.ok(i < 50, 'it did not come back');
    await sleep(100);
  }
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('a commit is one request', async () => {
  const { asked, fake, stage, store } = await rig();
  for (const size of [0, 64 * 1024, 5 * mib]) {
    const bytes = randomBytes(size);
    assert.equal(await store.commit(`${path}${size}`, await stage(bytes)), 'created');
    assert.equal(asked(), 'PUT');
    assert.deepEqual(fake.objects.get(`p/${path}${size}`)?.bytes, bytes);
  }
});

const survived: [name: string, faults: Fault[], requests: string][] = [
  ['a lost answer to a success', ['cut-after'], 'PUT HEAD'],
  ['a request lost on its way', ['cut-before'], 'PUT HEAD PUT'],
  ['412 after a success of our own', ['done-but-412'], 'PUT HEAD'],
  ['409, then success', [{ status: 409, code: 'ConditionalRequestConflict' }], 'PUT HEAD PUT'],
  [
    '409 three times',
    Array<Fault>(3).fill({ status: 409, code: 'OperationAborted' }),
    'PUT HEAD PUT HEAD PUT HEAD PUT',
  ],
  ['busy three times', [busy, busy, { status: 500, code: 'InternalError' }], 'PUT PUT PUT PUT'],
  ['lost, then busy', ['cut-before', busy], 'PUT HEAD PUT PUT'],
  ['slow', [{ slow: 700 }], 'PUT'],
];
for (const [name, faults, requests] of survived)
  for (const size of [64 * 1024, 5 * mib])
    test(`${name}: created all the same, ${size} bytes`, async () => {
      const { asked, fake, stage, store } = await rig();
      const bytes = randomBytes(size);
      fake.next('PUT', ...faults);
      assert.equal(await store.commit(path, await stage(bytes)), 'created');
      assert.equal(asked(), requests);
      assert.deepEqual(fake.objects.get(`p/${path}`)?.bytes, bytes);
      assert.deepEqual(store.staging.usage().bodies, 0);
    });

test('what hangs is given up and asked about, in time, and a landing after that does no harm', async () => {
  const { asked, fake, staging, stage, store } = await rig({}, 3_000);
  const bytes = randomBytes(1000);
  fake.next('PUT', { late: 1_400 });
  assert.equal(await store.commit(path, await stage(bytes)), 'created');
  assert.equal(asked(), 'PUT HEAD PUT');
  await sleep(500);
  assert.deepEqual(fake.objects.get(`p/${path}`)?.bytes, bytes);

  fake.always('PUT', 'hang');
  const body = await stage(randomBytes(6 * mib));
  const began = performance.now();
  await assert.rejects(store.commit('a/b', body), problem('storage_unavailable'));
  assert.ok(performance.now() - began < 4_000);
  assert.equal(store.staging.usage().bodies, 1, 'the body stays with its holder');
  assert.equal(readdirSync(staging).length, 1);
  assert.equal(await store.health(), 'unavailable');
  await assert.rejects(stage(bytes), problem('storage_unavailable'));
  await assert.rejects(store.commit('a/b', body), problem('storage_unavailable'));

  fake.always('PUT', undefined);
  await healthy(store);
  assert.equal(await store.commit('a/b', body), 'created');
  assert.deepEqual(readdirSync(staging), []);
});

test('a write that lands after its error: the retry adopts it, a removal before it leaves a blob that stands in nobody’s way', async () => {
  const { fake, stage, store } = await rig({}, 1_000);
  const bytes = randomBytes(1000);
  fake.always('PUT', { late: 1_500 });
  const body = await stage(bytes);
  await assert.rejects(store.commit(path, body), problem('storage_unavailable'));
  fake.always('PUT', undefined);
  await store.remove(path);
  await sleep(1_800);
  assert.ok(fake.objects.has(`p/${path}`), 'it landed');
  await healthy(store);
  assert.equal(await store.commit(path, body), 'adopted');
  await assert.rejects(store.commit(path, await stage(randomBytes(1000))), problem('blob_conflict'));

  fake.next('PUT', { late: 900 }, { late: 800 }, { late: 700 });
  const first = await stage(randomBytes(1000));
  await assert.rejects(store.commit('x/1', first), problem('storage_unavailable'));
  const second = randomBytes(1000);
  await healthy(store);
  const outcome = await store.commit('x/1', await stage(second)).catch((error: unknown) => error);
  await sleep(1_000);
  const stands = fake.objects.get('p/x/1')?.bytes;
  if (outcome === 'created') assert.deepEqual(stands, second, 'a late landing replaced what was created');
  else problem('blob_conflict')(outcome);
});

test('other bytes of the same length are read before they are called a conflict, equal ones before they are adopted', async () => {
  const { asked, fake, stage, store } = await rig();
  const bytes = randomBytes(1000);
  fake.objects.set(`p/${path}`, { bytes, nonce: 'of another node' });
  assert.equal(await store.commit(path, await stage(bytes)), 'adopted');
  assert.equal(asked(), 'PUT HEAD GET');
  await assert.rejects(store.commit(path, await stage(randomBytes(1000))), problem('blob_conflict'));
  assert.equal(asked(), 'PUT HEAD GET');
  await assert.rejects(store.commit(path, await stage(randomBytes(999))), problem('blob_conflict'));
  assert.equal(asked(), 'PUT HEAD');
  fake.next('GET', 'cut-in-body', busy);
  assert.equal(await store.commit(path, await stage(bytes)), 'adopted');
  fake.next('GET', 'wrong-byte');
  await assert.rejects(store.commit(path, await stage(bytes)), problem('blob_conflict'));
});

test('a refusal is final at once, and the body stays', async () => {
  const { asked, fake, stage, store } = await rig();
  const body = await stage(randomBytes(1000));
  for (const [status, code, expected] of [
    [403, 'AccessDenied', 'storage_unavailable'],
    [404, 'NoSuchBucket', 'storage_unavailable'],
    [400, 'BadDigest', 'storage_unavailable'],
    [403, 'QuotaExceeded', 'storage_full'],
    [507, 'InsufficientStorage', 'storage_full'],
    [501, 'NotImplemented', 'storage_unavailable'],
  ] as const) {
    fake.next('PUT', { status, code });
    await assert.rejects(store.commit(path, body), problem(expected));
    assert.equal(asked(), 'PUT');
  }
  assert.equal(await store.commit(path, body), 'created');
});

test('reading goes on where the connection broke, and ends without a wrong byte where it cannot', async () => {
  const { asked, fake, stage, store } = await rig();
  for (const size of [1000, 3 * mib]) {
    const bytes = randomBytes(size);
    const name = `r/${size}`;
    await store.commit(name, await stage(bytes));
    asked();
    const record = { byteSize: size, sha256Hex: sha256Hex(bytes) };
    fake.next('GET', busy, 'cut-in-body', 'cut-in-body', 'cut-before');
    assert.ok(
      Buffer.concat(
        await Array.fromAsync((await store.openVerified(name, record)).pieces, (piece) => Buffer.from(piece)),
      ).equals(bytes),
    );
    assert.equal(asked(), 'GET GET GET GET GET');
    fake.next('GET', 'cut-in-body');
    const range = { start: 10, end: size - 10 };
    assert.ok((await buffer((await store.open(name, range)).stream)).equals(bytes.subarray(10, size - 9)));

    fake.always('GET', 'wrong-byte');
    assert.ok((await received(store, name, record)) < size);
    assert.equal(await store.check(name, record), 'different');
    fake.always('GET', 'short-body');
    await assert.rejects(store.openVerified(name, record), problem('evidence_corrupt'));
    fake.always('GET', undefined);
    assert.equal(await store.check(name, record), 'same');
  }
});

/** How many bytes of a verified read came before it broke off as corrupt. */
async function received(
  store: BlobStore,
  name: string,
  record: { byteSize: number; sha256Hex: string },
): Promise<number> {
  let count = 0;
  const readAll = async () => {
    for await (const piece of (await store.openVerified(name, record)).pieces) count += piece.length;
  };
  await assert.rejects(readAll(), problem('evidence_corrupt'));
  return count;
}

test('a lost bucket is no missing blob', async () => {
  const { fake, store } = await rig();
  fake.always('HEAD', { status: 404, code: 'NoSuchBucket' });
  fake.always('GET', { status: 404, code: 'NoSuchBucket' });
  fake.always('DELETE', { status: 404, code: 'NoSuchBucket' });
  await assert.rejects(store.size(path), problem('storage_unavailable'));
  await assert.rejects(store.open(path), problem('storage_unavailable'));
  await assert.rejects(store.check(path, { byteSize: 1, sha256Hex: '' }), problem('storage_unavailable'));
  await assert.rejects(store.remove(path), problem('storage_unavailable'));
  await assert.rejects(Array.fromAsync(store.list('a')), problem('storage_unavailable'));
  assert.equal(await store.health(), 'unavailable');
});

test('removing and listing are repeated until they work; a listing asks for pages as they are wanted', async () => {
  const { asked, fake, store } = await rig();
  for (let i = 0; i < 2_500; i++)
    fake.objects.set(`p/l/${String(i).padStart(6, '0')}`, { bytes: Buffer.alloc(3), nonce: '' });
  fake.objects.set('p/proofline-probe/run/1', { bytes: Buffer.alloc(3), nonce: '' });
  fake.objects.set('elsewhere/1', { bytes: Buffer.alloc(3), nonce: '' });
  fake.next('GET', busy);
  const pages = store.list()[Symbol.asyncIterator]();
  for (let i = 0; i < 1000; i++) assert.equal((await pages.next()).done, false);
  assert.equal(asked(), 'GET GET');
  let rest = 0;
  while ((await pages.next()).done !== true) rest += 1;
  assert.equal(rest, 1_500);
  assert.equal(asked(), 'GET GET');
  fake.next('DELETE', busy, 'cut-after');
  await store.remove('l/000000');
  assert.equal(asked(), 'DELETE DELETE DELETE');
  await store.remove('l/000000');
});

test('after a removal that was not answered nothing is created under that name, as the removal may come late', async () => {
  const { fake, stage, store } = await rig();
  const body = await stage(randomBytes(100));
  await store.commit(path, await stage(randomBytes(100)));
  fake.next('DELETE', 'cut-before');
  await store.remove(path);
  assert.equal(await store.size(path), undefined);
  await assert.rejects(store.commit(path, body), problem('storage_unavailable'));
  assert.equal(await store.commit('another/name', body), 'created');
  fake.next('DELETE', { status: 504, code: 'GatewayTimeout' });
  await store.remove(path);
  const removals = new UncertainRemovals(50);
  removals.add(path);
  assert.throws(() => removals.assertSettled(path), problem('storage_unavailable'));
  removals.assertSettled('another/name');
  await sleep(60);
  removals.assertSettled(path);
});

test('nothing of the store, its keys and its answers is in an error or a line of the log', async () => {
  const canary = 'CANARY-of-the-store';
  const { fake, stage, store } = await rig({ canary }, 600);
  const body = await stage(randomBytes(10));
  const seen: unknown[] = [];
  const keep = (error: unknown) => void seen.push(error);
  for (const fault of [
    busy,
    'cut-before',
    'hang',
    { status: 403, code: canary },
    { status: 400, code: 'BadDigest' },
  ] as Fault[]) {
    for (const method of ['PUT', 'GET', 'HEAD', 'DELETE']) fake.always(method, fault);
    await store.commit(path, body).catch(keep);
    if (fault !== 'hang' && fault !== 'cut-before' && fault !== busy) {
      await store.open(path).catch(keep);
      await store.size(path).catch(keep);
      await store.remove(path).catch(keep);
      await Array.fromAsync(store.list()).catch(keep);
    }
  }
  assert.ok(seen.length >= 12, `${seen.length}`);
  for (const error of seen) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      const text = `${at.message} ${at.stack} ${JSON.stringify(at)}`;
      for (const secret of [canary, fake.endpoint, 'inc_1', 'fake-bucket', 'key-id', 'secret-key'])
        assert.ok(!text.includes(secret), `${secret} in ${text}`);
    }
  }
});
