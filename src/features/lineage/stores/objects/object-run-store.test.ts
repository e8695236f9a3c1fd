import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { cutOff } from '#platform/objects/testing/cut-off.ts';
import { run } from '../run-store.contract.ts';
import { ServiceObjects } from './keys.ts';
import { compactDay } from './manifests.ts';
import { objectRunStoreContract } from './object-run-store.contract.ts';
import { ObjectRunStore } from './object-run-store.ts';

const key = { organization: 'acme', project: 'shop', service: 'api' };
const at = new ServiceObjects('strict', key);

objectRunStoreContract('objects in memory', async () => new MemoryObjectStore());

describe('a run store on objects', () => {
  for (const when of ['before', 'after'] as const)
    for (let step = 1; step <= 3; step++)
      test(`cut off ${when} its request ${step}, a put is finished by the same put again`, async () => {
        const objects = new MemoryObjectStore();
        const cut = new ObjectRunStore(cutOff(objects, step, when), 'strict');
        await assert.rejects(cut.put(run('r1'), '2026-01-02T12:00:00.000Z'));
        const store = new ObjectRunStore(objects, 'strict');
        const seen = (await store.day(key, { day: '2026-01-02' })).length;
        assert.equal(seen, (await store.read(key, 'r1')) === undefined ? 0 : seen, 'listed, so it can be read');
        const claimed = step > 1 || when === 'after';
        const put = await store.put(run('r1'), '2026-01-03T12:00:00.000Z');
        assert.equal(put.outcome, claimed ? 'replayed' : 'created');
        assert.deepEqual(await store.days(key), [{ day: claimed ? '2026-01-02' : '2026-01-03' }]);
        assert.deepEqual(await store.latest(key), put.line);
        assert.deepEqual((await store.read(key, 'r1'))?.line, put.line);
      });

  test('a pointer that cannot be moved does not fail the run', async () => {
    const objects = new MemoryObjectStore();
    const put = await new ObjectRunStore(cutOff(objects, 4, 'before'), 'strict').put(
      run('r1'),
      '2026-01-02T12:00:00.000Z',
    );
    assert.equal(put.outcome, 'created');
    assert.equal(await objects.read(at.latest), undefined);
    assert.deepEqual(await new ObjectRunStore(objects, 'strict').latest(key), put.line);
  });

  test('a record that no manifest knows is added by mending', async () => {
    const objects = new MemoryObjectStore();
    await assert.rejects(
      new ObjectRunStore(cutOff(objects, 2, 'after'), 'strict').put(run('r1'), '2026-01-02T12:00:00.000Z'),
    );
    const store = new ObjectRunStore(objects, 'strict');
    assert.deepEqual(await store.day(key, { day: '2026-01-02' }), []);
    assert.deepEqual(await store.mend(key), { runs: 1, added: 1 });
    assert.equal((await store.day(key, { day: '2026-01-02' })).length, 1);
  });

  test('a request that was cut off is not finished by one that says it otherwise', async () => {
    const objects = new MemoryObjectStore();
    await assert.rejects(
      new ObjectRunStore(cutOff(objects, 1, 'after'), 'strict').put(run('r1'), '2026-01-02T12:00:00.000Z'),
    );
    const store = new ObjectRunStore(objects, 'strict');
    assert.equal((await store.put(run('r1', { artifact: '2' }), '2026-01-02T12:00:01.000Z')).outcome, 'conflict');
    assert.equal(await store.read(key, 'r1'), undefined);
    assert.equal((await store.put(run('r1'), '2026-01-02T12:00:02.000Z')).outcome, 'replayed');
  });

  test('a day is the same before, during and after its compaction, and late runs join it', async () => {
    const objects = new MemoryObjectStore();
    const store = new ObjectRunStore(objects, 'strict');
    for (let i = 0; i < 20; i++) await store.put(run(`r${i}`), `2026-01-02T12:00:00.0${String(i).padStart(2, '0')}Z`);
    const before = await store.day(key, { day: '2026-01-02' });
    // A crash after some of the removals.
    await assert.rejects(compactDay(cutOff(objects, 8, 'after'), at, '2026-01-02'));
    assert.deepEqual(await store.day(key, { day: '2026-01-02' }), before);
    await compactDay(objects, at, '2026-01-02');
    assert.deepEqual(await store.day(key, { day: '2026-01-02' }), before);
    assert.deepEqual((await objects.level(at.manifests)).folders, []);
    assert.deepEqual(await store.days(key), [{ day: '2026-01-02', version: 'gathered' }]);
    assert.deepEqual(await store.latest(key), before.at(-1));
    const late = await store.put(run('late'), '2026-01-02T23:59:59.999Z');
    assert.deepEqual(await store.day(key, { day: '2026-01-02' }), [...before, late.line]);
    assert.deepEqual(await store.latest(key), late.line);
    assert.equal(await compactDay(objects, at, '2026-01-02'), 0);
    assert.deepEqual(await store.days(key), [{ day: '2026-01-02' }]);
  });

  test('those who compact at once lose no line', async () => {
    const objects = new MemoryObjectStore();
    const store = new ObjectRunStore(objects, 'strict');
    for (let i = 0; i < 20; i++) await store.put(run(`r${i}`), `2026-01-02T12:00:00.0${String(i).padStart(2, '0')}Z`);
    const before = await store.day(key, { day: '2026-01-02' });
    const compactions = Array.from({ length: 4 }, () => compactDay(objects, at, '2026-01-02'));
    const reads = await Promise.all(Array.from({ length: 20 }, () => store.day(key, { day: '2026-01-02' })));
    for (const read of reads) assert.deepEqual(read, before);
    await Promise.all(compactions);
    assert.deepEqual(await store.day(key, { day: '2026-01-02' }), before);
  });

  test('a pointer that is lost, torn or behind leads to the newest run all the same', async () => {
    const objects = new MemoryObjectStore();
    const store = new ObjectRunStore(objects, 'strict');
    const first = await store.put(run('r1'), '2026-01-02T12:00:00.000Z');
    const pointer = await objects.read(at.latest);
    const second = await store.put(run('r2'), '2026-01-03T12:00:00.000Z');
    for (const bytes of [pointer?.bytes, new TextEncoder().encode('{"run_id":"r'), new Uint8Array()]) {
      assert.ok(bytes);
      await objects.replace(at.latest, bytes, (await objects.read(at.latest))?.tag);
      assert.deepEqual(await store.latest(key), second.line);
    }
    await objects.remove(at.latest);
    assert.deepEqual(await store.latest(key), second.line);
    assert.notDeepEqual(first.line, second.line);
  });
});
