import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { objectRunStoreContract } from '#features/lineage/stores/objects/object-run-store.contract.ts';
import { isProblem } from '#kit/errors.ts';
import { objectStoreContract } from '#platform/objects/object-store.contract.ts';
import type { R2Bucket } from '#platform/objects/r2/r2-bucket.ts';
import { R2ObjectStore } from '#platform/objects/r2/r2-object-store.ts';
import { startR2 } from './r2-buckets.ts';

const r2 = startR2(80);
after(() => r2.close());

objectStoreContract('R2', async () => new R2ObjectStore(await r2.next()));
objectRunStoreContract('R2', async () => new R2ObjectStore(await r2.next()));
objectRunStoreContract('R2 that loses answers', async () => new R2ObjectStore(losing(await r2.next())));

const create = (store: R2ObjectStore, key: string, bytes: Uint8Array<ArrayBuffer>) =>
  store.create(key, bytes, createHash('sha256').update(bytes).digest('hex'));
const random = (size = 300) => new Uint8Array(randomBytes(size));
const internal = () => new Error('put: We encountered an internal error. Please try again. (10001)');

describe('R2 and what goes wrong on the way', () => {
  for (const when of ['before', 'after'] as const)
    test(`a put that fails ${when} it was carried out was ours all the same`, async () => {
      const bucket = await r2.next();
      let failures = 2;
      const store = new R2ObjectStore({
        ...reaching(bucket),
        async put(...given) {
          if (failures === 0) return await bucket.put(...given);
          failures -= 1;
          if (when === 'after') await bucket.put(...given);
          throw internal();
        },
      });
      const bytes = random();
      assert.equal(await create(store, 'a', bytes), 'created');
      assert.equal(await create(store, 'a', bytes), 'same');
    });

  test('a bucket that fails for good is unavailable, and its words stay where they are', async () => {
    const fails = async () => {
      throw new Error('get: secret/key is not there (10007)');
    };
    const store = new R2ObjectStore({ put: fails, get: fails, list: fails, delete: fails });
    const asked = [
      () => create(store, 'a', random()),
      () => store.read('a'),
      () => store.replace('a', random(), undefined),
      () => store.remove('a'),
      () => store.level('a/'),
      () => Array.fromAsync(store.list('a')),
    ];
    for (const ask of asked)
      await assert.rejects(ask(), (error) => {
        assert.ok(isProblem(error, 'storage_unavailable'));
        assert.equal((error.cause as Error).message, 'R2 failed (10007)');
        return true;
      });
    assert.equal(await store.health(), 'unavailable');
  });

  test('bytes that are not what their hash says are neither taken nor handed out', async () => {
    const bucket = await r2.next();
    const store = new R2ObjectStore(bucket);
    const wrong = createHash('sha256').update('else').digest('hex');
    await assert.rejects(store.create('a', random(), wrong), (error) => isProblem(error, 'storage_unavailable'));
    assert.equal(await store.read('a'), undefined);
    const bytes = random();
    await bucket.put('a', bytes, {
      onlyIf: { etagDoesNotMatch: '*' },
      sha256: createHash('sha256').update(bytes).digest('hex'),
      customMetadata: { sha256: wrong },
    });
    await assert.rejects(store.read('a'), (error) => isProblem(error, 'evidence_corrupt'));
  });

  test('a listing that says that there is more and not where fails', async () => {
    const bucket = await r2.next();
    const store = new R2ObjectStore({
      ...reaching(bucket),
      list: async () => ({ objects: [{ key: 'a/1', size: 1 }], delimitedPrefixes: [], truncated: true }),
    });
    await assert.rejects(Array.fromAsync(store.list('a/')), (error) => isProblem(error, 'storage_unavailable'));
  });
});

/** Methods of a binding are not its own properties. */
function reaching(bucket: R2Bucket): R2Bucket {
  return {
    put: (...given) => bucket.put(...given),
    get: (key) => bucket.get(key),
    list: (options) => bucket.list(options),
    delete: (key) => bucket.delete(key),
  };
}

/** The first attempt of every second creation fails, and every third replacement; before or after it was carried out. */
function losing(bucket: R2Bucket): R2Bucket {
  const attempted = new Set<string>();
  let puts = 0;
  return {
    ...reaching(bucket),
    async put(...given) {
      const attempt = given[2].customMetadata['proofline-commit'] ?? '';
      const again = attempt !== '' && attempted.has(attempt);
      attempted.add(attempt);
      puts += 1;
      const fails = !again && puts % (attempt === '' ? 3 : 2) === 0;
      if (fails && puts % 4 === 0) throw internal();
      const result = await bucket.put(...given);
      if (fails) throw internal();
      return result;
    },
  };
}
