import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type BlobStore, isBlobPath, type StagedBody } from './blob-store.ts';
import {
  assertStagingEmpty,
  bodyOf,
  contractLimits,
  kib,
  mib,
  type OpenForContract,
  problem,
  sha256,
} from './contract-bodies.ts';
import { stagingContract } from './staging.contract.ts';

const borders = [0, 1, 511, 512, 513, 4095, 4096, 4097, 64 * kib - 1, 64 * kib, 64 * kib + 1, 64 * kib + 400].concat(
  [72 * kib - 1, 72 * kib, 72 * kib + 1, mib - 1, mib, mib + 1, mib + 32 * kib, mib + 32 * kib + 1],
  [4 * mib - 1, 4 * mib, 4 * mib + 1, 4 * mib + 32 * kib, 4 * mib + 32 * kib + 1, 9 * mib],
);

/** Registers everything that the port promises, staging included, as tests. */
export function blobStoreContract(name: string, open: OpenForContract): void {
  stagingContract(name, open);
  describe(`blob store contract: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let store: BlobStore;
    let lastName = 0;

    before(async () => {
      opened = await open();
      store = opened.store;
    });
    after(async () => {
      await store.close();
      await opened.done?.();
    });

    function freshPath(): string {
      lastName += 1;
      return `inc_${lastName % 7}/str_${lastName % 3}/${String(lastName).padStart(6, '0')}`;
    }
    function stage(bytes: Buffer, declared = true): Promise<StagedBody> {
      const limits = { maxBytes: contractLimits.maxBodyBytes, ...(declared ? { declaredBytes: bytes.length } : {}) };
      return store.staging.receive(bodyOf(bytes), limits);
    }
    async function put(path: string, bytes: Buffer): Promise<'created' | 'adopted'> {
      const body = await stage(bytes);
      try {
        return await store.commit(path, body);
      } finally {
        await body.discard();
      }
    }
    async function copyOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
      return Buffer.concat(await Array.fromAsync(pieces, (piece) => Buffer.from(piece)));
    }
    async function read(path: string, range?: { start: number; end: number }): Promise<Buffer> {
      return buffer((await store.open(path, range)).stream);
    }
    test('created, then adopted with the same bytes, then a conflict with others', async () => {
      const path = freshPath();
      const bytes = randomBytes(5000);
      assert.equal(await put(path, bytes), 'created');
      assert.equal(await put(path, bytes), 'adopted');
      await assert.rejects(put(path, randomBytes(5000)), problem('blob_conflict'));
      await assert.rejects(put(path, randomBytes(4999)), problem('blob_conflict'));
      assert.deepEqual(await read(path), bytes);
      assertStagingEmpty(store);
    });

    for (const declared of [true, false]) {
      test(`every border of size, ${declared ? 'declared' : 'undeclared'}: counted, hashed, stored, read`, async () => {
        for (const size of borders) {
          const path = freshPath();
          const bytes = randomBytes(size);
          const body = await stage(bytes, declared);
          assert.equal(body.byteSize, size);
          assert.equal(body.sha256Hex, sha256(bytes), `hash of ${size} bytes`);
          assert.equal(await store.commit(path, body), 'created');
          assert.equal(await store.size(path), size);
          assert.ok((await read(path)).equals(bytes), `${size} bytes came back changed`);
          assert.equal(await store.check(path, { byteSize: size, sha256Hex: sha256(bytes) }), 'same');
        }
        assertStagingEmpty(store);
      });
    }

    test('bytes in odd pieces', async () => {
      const bytes = randomBytes(200_001);
      const body = await store.staging.receive(bodyOf(bytes, 777), { maxBytes: mib });
      const path = freshPath();
      await store.commit(path, body);
      assert.deepEqual(await read(path), bytes);
    });

    test('64 writers, one name, same bytes: one creator, 63 adopters', async () => {
      const bytes = randomBytes(10_000);
      const path = freshPath();
      const results = await Promise.all(Array.from({ length: 64 }, () => put(path, bytes)));
      assert.equal(results.filter((result) => result === 'created').length, 1);
      assert.equal(results.filter((result) => result === 'adopted').length, 63);
      assertStagingEmpty(store);
    });

    test('64 writers, one name, different bytes: one creator, 63 conflicts, and the creator stands', async () => {
      for (const size of [3000, mib + 5]) {
        const path = freshPath();
        const bodies = Array.from({ length: size > mib ? 8 : 64 }, () => randomBytes(size));
        const results = await Promise.allSettled(bodies.map((bytes) => put(path, bytes)));
        const winners = bodies.filter((_, index) => results[index]?.status === 'fulfilled');
        assert.equal(winners.length, 1);
        for (const result of results) {
          if (result.status === 'rejected') problem('blob_conflict')(result.reason);
          else assert.equal(result.value, 'created');
        }
        assert.deepEqual(await read(path), winners[0]);
      }
      assertStagingEmpty(store);
    });

    test('a range gives exactly its bytes, and one past the end is not served', async () => {
      for (const size of [1000, 3 * mib + 17]) {
        const path = freshPath();
        const bytes = randomBytes(size);
        await put(path, bytes);
        for (const [start, end] of [
          [0, 0],
          [0, size - 1],
          [size - 1, size - 1],
          [17, 900],
          [Math.floor(size / 3), size - 2],
        ] as const) {
          const opened = await store.open(path, { start, end });
          assert.equal(opened.byteSize, size);
          assert.ok((await buffer(opened.stream)).equals(bytes.subarray(start, end + 1)), `${start}-${end} of ${size}`);
        }
        await assert.rejects(store.open(path, { start: 0, end: size }), problem('evidence_corrupt'));
        await assert.rejects(store.open(path, { start: 5, end: 4 }), problem('internal_error'));
      }
    });

    test('a verified read gives the whole blob, or less than the whole and evidence_corrupt', async () => {
      for (const size of [0, 1, 4096, 512 * 1024, 512 * 1024 + 1, 3 * mib]) {
        const path = freshPath();
        const bytes = randomBytes(size);
        await put(path, bytes);
        const record = { byteSize: size, sha256Hex: sha256(bytes) };
        const opened = await store.openVerified(path, record);
        assert.equal(opened.byteSize, size);
        assert.ok((await copyOf(opened.pieces)).equals(bytes));
        for (const wrong of [
          { ...record, byteSize: size + 1 },
          { ...record, sha256Hex: sha256(Buffer.from('another')) },
        ]) {
          let received = 0;
          const readAll = async () => {
            const { pieces } = await store.openVerified(path, wrong);
            for await (const piece of pieces) received += piece.length;
          };
          await assert.rejects(readAll(), problem('evidence_corrupt'));
          assert.ok(received < Math.max(size, 1), `${received} of ${size}`);
        }
      }
    });

    test('a reader that stops early or never starts harms nobody', async () => {
      const path = freshPath();
      const bytes = randomBytes(6 * mib);
      await put(path, bytes);
      for (let i = 0; i < 20; i++) {
        const { stream } = await store.open(path);
        if (i % 2 === 0) await new Promise((resolve) => stream.once('data', resolve));
        stream.destroy();
      }
      assert.deepEqual(await read(path), bytes);
    });

    test('a lent piece stays as it is until the next is asked for, whatever others read', async () => {
      const path = freshPath();
      const bytes = randomBytes(2 * mib + 5);
      await put(path, bytes);
      const record = { byteSize: bytes.length, sha256Hex: sha256(bytes) };
      const others = Array.from({ length: 8 }, (_, i) => ({ path: freshPath(), bytes: randomBytes(mib + i) }));
      for (const other of others) await put(other.path, other.bytes);
      const { pieces } = await store.openVerified(path, record);
      let at = 0;
      for await (const piece of pieces) {
        for (const other of others) assert.ok((await read(other.path)).equals(other.bytes));
        assert.ok(piece.equals(bytes.subarray(at, at + piece.length)), `at ${at}`);
        at += piece.length;
      }
      assert.equal(at, bytes.length);
    });

    test('readers that stand still, give up, or never begin leave room for others, however many', async () => {
      const path = freshPath();
      const bytes = randomBytes(mib + 3);
      await put(path, bytes);
      const record = { byteSize: bytes.length, sha256Hex: sha256(bytes) };
      for (let round = 0; round < 3; round++) {
        const still = await Promise.all(Array.from({ length: 60 }, () => store.openVerified(path, record)));
        await Promise.all(still.map(({ pieces }, i) => (i % 3 === 0 ? undefined : pieces.next())));
        assert.ok((await copyOf((await store.openVerified(path, record)).pieces)).equals(bytes));
        await Promise.all(still.map(({ pieces }) => pieces.return()));
        for (const { pieces } of still) assert.equal((await pieces.next()).done, true);
        await Promise.all(still.map(({ pieces }) => pieces.return()));
      }
      const all = await Promise.all(Array.from({ length: 40 }, () => store.openVerified(path, record)));
      for (const { pieces } of all) assert.ok((await copyOf(pieces)).equals(bytes));
    });

    test('a missing blob: no size, missing, evidence_corrupt when opened, removed with success', async () => {
      const path = 'inc_none/str_none/000001';
      assert.equal(await store.size(path), undefined);
      assert.equal(await store.check(path, { byteSize: 1, sha256Hex: sha256(Buffer.of(1)) }), 'missing');
      await assert.rejects(store.open(path), problem('evidence_corrupt'));
      await store.remove(path);
    });

    test('check tells different bytes and different length', async () => {
      const path = freshPath();
      const bytes = randomBytes(5 * mib);
      await put(path, bytes);
      assert.equal(await store.check(path, { byteSize: bytes.length, sha256Hex: sha256(bytes) }), 'same');
      assert.equal(await store.check(path, { byteSize: bytes.length, sha256Hex: sha256(Buffer.of(1)) }), 'different');
      assert.equal(await store.check(path, { byteSize: 1, sha256Hex: sha256(bytes) }), 'different');
    });

    test('remove, then the name is free again; neighbours stay', async () => {
      const [one, two] = ['inc_r/str_r/000001', 'inc_r/str_r/000002'];
      const bytes = randomBytes(100);
      await put(one, bytes);
      await put(two, bytes);
      await store.remove(one);
      assert.equal(await store.size(one), undefined);
      assert.deepEqual(await read(two), bytes);
      assert.equal(await put(one, randomBytes(50)), 'created');
      await Promise.all([store.remove(one), store.remove(two)]);
      assert.equal(await store.size(two), undefined);
    });

    test('commits race with removals of the last blob beside them, and none is lost', async () => {
      for (let round = 0; round < 50; round++) {
        const bytes = randomBytes(300);
        await put('inc_x/str_x/old', bytes);
        await Promise.all([store.remove('inc_x/str_x/old'), put(`inc_x/str_x/new${round}`, bytes)]);
        assert.deepEqual(await read(`inc_x/str_x/new${round}`), bytes);
        await store.remove(`inc_x/str_x/new${round}`);
      }
    });

    test('list gives every blob under a prefix of whole segments', async () => {
      const bytes = randomBytes(64);
      const names = ['lst/a/1', 'lst/a/2', 'lst/ab/1', 'lst/b/c/d/1'];
      for (const path of names) await put(path, bytes);
      async function listed(prefix: string): Promise<string[]> {
        const paths: string[] = [];
        for await (const entry of store.list(prefix)) {
          assert.equal(entry.byteSize, 64);
          paths.push(entry.path);
        }
        return paths.sort();
      }
      assert.deepEqual(await listed('lst'), names);
      assert.deepEqual(await listed('lst/a'), ['lst/a/1', 'lst/a/2']);
      assert.deepEqual(await listed('lst/none'), []);
      let all = 0;
      for await (const entry of store.list()) all += isBlobPath(entry.path) ? 1 : 0;
      assert.ok(all >= names.length);
    });

    test('names that no server made are refused everywhere', async () => {
      const bytes = randomBytes(10);
      for (const path of [
        '',
        '/',
        '../up',
        'a/../b',
        './a',
        'a//b',
        'a/',
        '/a',
        'a\0b',
        'a b',
        'é',
        `${'x'.repeat(129)}`,
        'a\\b',
      ]) {
        assert.equal(isBlobPath(path), false);
        const body = await stage(bytes);
        await assert.rejects(store.commit(path, body), problem('internal_error'));
        await body.discard();
        await assert.rejects(store.open(path), problem('internal_error'));
        await assert.rejects(store.size(path), problem('internal_error'));
        await assert.rejects(store.remove(path), problem('internal_error'));
        await assert.rejects(store.check(path, { byteSize: 1, sha256Hex: '' }), problem('internal_error'));
        if (path !== '') await assert.rejects(Array.fromAsync(store.list(path)), problem('internal_error'));
      }
      assertStagingEmpty(store);
    });

    test('200 bodies of mixed sizes at once', async () => {
      const sizes = Array.from(
        { length: 200 },
        (_, i) => [64 * kib, 100, 200 * kib, 64 * kib + 400, mib + 7][i % 5] ?? 0,
      );
      let next = 0;
      // 32 at a time: 200 of these together are more than the quota of the contract.
      async function worker(): Promise<void> {
        for (let i = next++; i < sizes.length; i = next++) {
          const bytes = randomBytes(sizes[i] ?? 0);
          const path = `mixed/${i % 11}/${i}`;
          assert.equal(await put(path, bytes), 'created');
          assert.ok((await read(path)).equals(bytes));
        }
      }
      await Promise.all(Array.from({ length: 32 }, worker));
      assertStagingEmpty(store);
      assert.equal(await store.health(), 'ok');
    });

    test('closed: refuses everything, and closing again is safe', async () => {
      const other = await open();
      const body = await other.store.staging.receive(bodyOf(Buffer.from('x')), { maxBytes: 10 });
      await other.store.close();
      await other.store.close();
      await assert.rejects(other.store.commit('a/b', body), problem('storage_unavailable'));
      await body.discard();
      await assert.rejects(
        other.store.staging.receive(bodyOf(Buffer.from('x')), { maxBytes: 10 }),
        problem('storage_unavailable'),
      );
      await assert.rejects(other.store.open('a/b'), problem('storage_unavailable'));
      await assert.rejects(other.store.size('a/b'), problem('storage_unavailable'));
      await assert.rejects(other.store.remove('a/b'), problem('storage_unavailable'));
      assert.equal(await other.store.health(), 'unavailable');
      await other.done?.();
    });
  });
}
