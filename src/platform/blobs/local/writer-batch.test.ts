import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Arena } from './arena.ts';
import { Flusher } from './flush.ts';
import { openVolume, type Volume } from './volume.ts';
import { type BatchFlusher, BatchWriter } from './writer-batch.ts';
import type { WriteCall } from './writer-calls.ts';

const fault = Object.assign(new Error('injected'), { code: 'EIO', syscall: 'fsync' });

describe('a batch', () => {
  let dataDir = '';
  let volume: Volume;
  let arena: Arena;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'proofline-batch-'));
    arena = new Arena();
    volume = openVolume({ dataDir, blobsDir: `${dataDir}/blobs`, stagingDir: `${dataDir}/staging` }, arena);
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  function writer(flusher: BatchFlusher): BatchWriter {
    return new BatchWriter({ ...volume, memory: arena.memory }, flusher);
  }
  function store(id: number, path: string): Extract<WriteCall, { op: 'store' }> {
    const slot = arena.tryTake(1000);
    assert.ok(slot);
    slot.bytes.fill(id, 0, 1000);
    return { id, op: 'store', path, staged: `staged-${id}`, offset: slot.offset, byteSize: 1000 };
  }
  /** Fails the flush set of that number, from 1, and counts all. */
  function failing(nth: number): BatchFlusher & { sets: number } {
    const real = new Flusher(0);
    return {
      sets: 0,
      quick: true,
      async flush(fds, onFlushed) {
        this.sets += 1;
        if (this.sets === nth) throw fault;
        await real.flush(fds, onFlushed);
      },
    };
  }

  test('bytes and names are flushed in that order, each folder and each new parent once', async () => {
    const sets: number[] = [];
    const one = writer({ quick: true, flush: async (fds) => void sets.push(fds.length) });
    await one.run([store(1, 'inc/str/1'), store(2, 'inc/str/2'), store(3, 'inc/other/1')]);
    // Three files; then the root, "inc", "inc/str" and "inc/other".
    assert.deepEqual(sets, [3, 4]);
    await one.run([store(4, 'inc/str/3')]);
    assert.deepEqual(sets, [3, 4, 1, 1]);
    assert.deepEqual(await readFile(join(volume.blobsDir, 'inc/str/3')), Buffer.alloc(1000, 4));
    assert.deepEqual(await readdir(volume.stagingDir), []);
  });

  test('a failed flush of files fails the whole batch, names nothing and ends writing for good', async () => {
    const flusher = failing(1);
    const one = writer(flusher);
    const replies = await one.run([store(1, 'a/1'), store(2, 'a/2')]);
    for (const reply of replies)
      assert.deepEqual(reply, { id: reply.id, fault: { errno: 'EIO', syscall: 'fsync' }, halted: true });
    assert.equal(existsSync(join(volume.blobsDir, 'a')), false);
    assert.deepEqual(await readdir(volume.stagingDir), []);
    const [later] = await one.run([store(3, 'a/3')]);
    assert.deepEqual(later, { id: 3, fault: { errno: 'EIO', syscall: 'fsync' }, halted: true });
    assert.equal(flusher.sets, 1, 'nothing is flushed after a flush that failed');
    assert.deepEqual(await readdir(volume.stagingDir), []);
  });

  test('a failed flush of folders answers no blob, also not one whose bytes are safe', async () => {
    const flusher = failing(2);
    const replies = await writer(flusher).run([store(1, 'a/1'), { id: 9, op: 'remove', path: 'none/1' }]);
    assert.deepEqual(
      replies.map((reply) => 'halted' in reply && reply.halted),
      [true, true],
    );
    assert.equal(flusher.sets, 2);
  });

  test('what fails for one body fails for that body alone', async () => {
    const one = writer(new Flusher(0));
    await one.run([store(1, 'a/file')]);
    const beyond = store(3, 'b/1');
    const replies = await one.run([
      store(2, 'a/file/below'),
      beyond,
      { id: 4, op: 'link', path: 'b/2', staged: 'never-made' },
    ]);
    assert.deepEqual(replies[0], { id: 2, fault: { errno: 'ENOTDIR', syscall: 'open' }, halted: false });
    assert.deepEqual(replies[1], { id: 3, outcome: 'done' });
    assert.deepEqual(replies[2], { id: 4, fault: { errno: 'ENOENT', syscall: 'link' }, halted: false });
    assert.deepEqual(await readdir(volume.stagingDir), []);
  });

  test('a folder that another process removed, or removed and made again, is found out', async () => {
    const one = writer(new Flusher(0));
    const other = writer(new Flusher(0));
    await one.run([store(1, 'inc/str/1')]);
    await other.run([{ id: 2, op: 'remove', path: 'inc/str/1' }]);
    assert.equal(existsSync(join(volume.blobsDir, 'inc')), false, 'empty folders go with the last blob');
    assert.deepEqual(await one.run([store(3, 'inc/str/2')]), [{ id: 3, outcome: 'done' }]);
    await other.run([{ id: 4, op: 'remove', path: 'inc/str/2' }, store(5, 'inc/str/3')]);
    assert.deepEqual(await one.run([store(6, 'inc/str/4')]), [{ id: 6, outcome: 'done' }]);
    assert.deepEqual((await readdir(join(volume.blobsDir, 'inc/str'))).sort(), ['3', '4']);
  });

  test('more folders than stay open', async () => {
    const one = writer({ quick: true, flush: async () => undefined });
    const template = store(1, 'unused');
    const paths = Array.from({ length: 600 }, (_, i) => `d${i}/1`);
    for (let round = 0; round < 2; round++) {
      for (let from = 0; from < paths.length; from += 60) {
        const calls = paths.slice(from, from + 60).map((path, i) => ({ ...template, path, id: i, staged: `s${i}` }));
        const expected = round === 0 ? 'done' : 'exists';
        for (const reply of await one.run(calls)) assert.deepEqual(reply, { id: reply.id, outcome: expected });
      }
    }
    assert.equal((await readdir(volume.blobsDir)).length, 600);
  });
});
