import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { ObjectStore } from './object-store.ts';

const mib = 1024 * 1024;
const racers = 32;

/** What every object store does; `open` gives an empty one, which is closed here. */
export function objectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  const withStore = (title: string, body: (store: ObjectStore) => Promise<void>) =>
    test(title, async () => {
      const store = await open();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });

  describe(`object store: ${name}`, () => {
    withStore('what was created is read back, and never changed', async (store) => {
      const bytes = random(1000);
      assert.equal(await create(store, 'a/b', bytes), 'created');
      assert.deepEqual((await store.read('a/b'))?.bytes, bytes);
      assert.equal(await create(store, 'a/b', bytes), 'same');
      assert.equal(await create(store, 'a/b', random(1000)), 'different');
      assert.equal(await create(store, 'a/b', bytes.subarray(0, 999)), 'different');
      assert.equal(await create(store, 'a/b', new Uint8Array()), 'different');
      assert.deepEqual((await store.read('a/b'))?.bytes, bytes);
    });

    withStore('nothing is there before anything was created', async (store) => {
      assert.equal(await store.read('a/b'), undefined);
      assert.deepEqual(await keysOf(store, ''), []);
      assert.deepEqual(await store.level('a/'), { folders: [], objects: [] });
      await store.remove('a/b');
      assert.equal(await store.health(), 'ok');
    });

    withStore('of those who race with different bytes one creates, and it is its bytes that stand', async (store) => {
      for (let round = 0; round < 3; round++) {
        const bodies = Array.from({ length: racers }, () => random(2000));
        const outcomes = await Promise.all(bodies.map((bytes) => create(store, `race/${round}`, bytes)));
        assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1);
        assert.equal(outcomes.filter((outcome) => outcome === 'different').length, racers - 1);
        assert.deepEqual((await store.read(`race/${round}`))?.bytes, bodies[outcomes.indexOf('created')]);
      }
    });

    withStore('of those who race with the same bytes one creates, the others learn that they stand', async (store) => {
      for (let round = 0; round < 3; round++) {
        const bytes = random(2000);
        const outcomes = await Promise.all(
          Array.from({ length: racers }, () => create(store, `race/${round}`, bytes.slice())),
        );
        assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1);
        assert.equal(outcomes.filter((outcome) => outcome === 'same').length, racers - 1);
      }
    });

    for (const size of [0, 1, 10 * mib])
      withStore(`an object of ${size} bytes comes back as it was`, async (store) => {
        const bytes = random(size);
        assert.equal(await create(store, 'sized', bytes), 'created');
        assert.equal(await create(store, 'sized', bytes), 'same');
        assert.deepEqual((await store.read('sized'))?.bytes, bytes);
        assert.deepEqual(await Array.fromAsync(store.list('sized')), [{ key: 'sized', byteSize: size }]);
      });

    withStore('a pointer moves from one tag to the next, and from nothing', async (store) => {
      const [first, second] = [random(50), random(60)];
      assert.equal(await store.replace('p', second, 'no-such-tag'), false);
      assert.equal(await store.replace('p', first, undefined), true);
      assert.equal(await store.replace('p', second, undefined), false);
      const before = await store.read('p');
      assert.deepEqual(before?.bytes, first);
      assert.equal(await store.replace('p', second, before?.tag), true);
      const after = await store.read('p');
      assert.deepEqual(after?.bytes, second);
      assert.notEqual(after?.tag, before?.tag);
      assert.equal(await store.replace('p', random(50), before?.tag), false);
      assert.deepEqual(await store.read('p'), after);
      await store.remove('p');
      assert.equal(await store.replace('p', first, after?.tag), false);
      assert.equal(await store.read('p'), undefined);
    });

    withStore('of those who race over one tag exactly one wins', async (store) => {
      let tag: string | undefined;
      for (let round = 0; round < 4; round++) {
        const bodies = Array.from({ length: racers }, () => random(64));
        const over = tag;
        const won = await Promise.all(bodies.map((bytes) => store.replace('p', bytes, over)));
        assert.equal(won.filter(Boolean).length, 1);
        const standing = await store.read('p');
        assert.deepEqual(standing?.bytes, bodies[won.indexOf(true)]);
        tag = standing?.tag;
      }
    });

    withStore('a created object can be what a pointer takes the place of, by its tag alone', async (store) => {
      await create(store, 'p', random(10));
      assert.equal(await store.replace('p', random(20), undefined), false);
      assert.equal(await store.replace('p', random(20), (await store.read('p'))?.tag), true);
    });

    withStore('more than a thousand are listed whole, from any point on', async (store) => {
      const names = Array.from({ length: 1050 }, (_, i) => `n=${String(i).padStart(4, '0')}`);
      await inGroups(names, (folder) => create(store, `many/${folder}/x`, new Uint8Array([1])));
      await create(store, 'many.txt', random(3));
      const keys = names.map((folder) => `many/${folder}/x`);
      assert.deepEqual(await keysOf(store, 'many'), ['many.txt', ...keys]);
      assert.deepEqual(await keysOf(store, 'many/', 'many/n=0019/x'), keys.slice(20));
      assert.deepEqual(await keysOf(store, 'many/', 'many/n=1029'), keys.slice(1029));
      assert.deepEqual(await keysOf(store, 'many/n=10', 'a'), keys.slice(1000));
      assert.deepEqual(await keysOf(store, 'many/', 'many/z'), []);
      assert.deepEqual(await store.level('many/'), { folders: names, objects: [] });
    });

    withStore('a level has the names directly under it and nothing deeper', async (store) => {
      for (const key of ['top/b', 'top/a', 'top/x/1', 'top/x/2', 'top/w=1/y/z', 'topmost', 'other/a'])
        await create(store, key, random(5));
      assert.deepEqual(await store.level('top/'), { folders: ['w=1', 'x'], objects: ['a', 'b'] });
      assert.deepEqual(await store.level('top/w=1/'), { folders: ['y'], objects: [] });
      assert.deepEqual(await store.level('to/'), { folders: [], objects: [] });
    });

    withStore('what was removed is gone, also from listings, and its name is free', async (store) => {
      for (const key of ['r/one/1', 'r/two']) await create(store, key, random(5));
      await store.remove('r/one/1');
      await store.remove('r/one/1');
      assert.equal(await store.read('r/one/1'), undefined);
      assert.deepEqual(await keysOf(store, 'r/'), ['r/two']);
      assert.deepEqual(await store.level('r/'), { folders: [], objects: ['two'] });
      assert.equal(await create(store, 'r/one/1', random(6)), 'created');
      assert.deepEqual((await store.level('r/')).folders, ['one']);
    });

    withStore('every character of a key is one', async (store) => {
      const keys = [
        'k/a=b/c~d/e.f/_g/-h/.i/I',
        `k/${'a'.repeat(250)}`,
        'k/org=x/date=2026-01-02/run=r.1_A-~/payload.json',
      ];
      for (const key of keys) {
        const bytes = random(10);
        assert.equal(await create(store, key, bytes), 'created');
        assert.deepEqual((await store.read(key))?.bytes, bytes);
        // Not with the longest: a store that keeps files may need a longer name beside it to replace one.
        const short = key.length < 250;
        if (short) assert.equal(await store.replace(key, random(11), (await store.read(key))?.tag), true);
      }
      assert.deepEqual(await keysOf(store, 'k/'), keys.toSorted());
      for (const key of keys) await store.remove(key);
      assert.deepEqual(await keysOf(store, 'k/'), []);
    });

    withStore('what is no key is refused and goes nowhere', async (store) => {
      const refused = (error: unknown) => isProblem(error, 'internal_error');
      for (const key of [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        '..',
        'a/../b',
        './a',
        'a b',
        'a%2fb',
        'a\\b',
        'ä',
        'a\0',
        `a/${'x'.repeat(256)}`,
      ]) {
        await assert.rejects(create(store, key, random(1)), refused, key);
        await assert.rejects(store.read(key), refused, key);
        await assert.rejects(store.replace(key, random(1), undefined), refused, key);
        await assert.rejects(store.remove(key), refused, key);
      }
      assert.deepEqual(await keysOf(store, ''), []);
    });
  });
}

function random(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(size));
}

async function create(store: ObjectStore, key: string, bytes: Uint8Array<ArrayBuffer>) {
  return await store.create(key, bytes, createHash('sha256').update(bytes).digest('hex'));
}

async function keysOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix, after), ({ key }) => key)).sort();
}

async function inGroups<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += racers) await Promise.all(all.slice(at, at + racers).map(act));
}
