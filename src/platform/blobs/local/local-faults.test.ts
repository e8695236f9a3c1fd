import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ErrorCode } from '#kit/error-codes.ts';
import { isProblem } from '#kit/errors.ts';
import type { BlobStore, StagedBody } from '../blob-store.ts';
import { bodyOf } from '../contract-bodies.ts';
import { openLocalBlobStore } from './local-blob-store.ts';

const mib = 1024 * 1024;
const limits = { stagingQuotaBytes: 64 * mib, maxBodyBytes: 16 * mib };

function problem(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isProblem(error, code) && !error.message.includes('/');
}

describe('the local disk', () => {
  let dataDir = '';
  let store: BlobStore;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'proofline-local-'));
    store = await openLocalBlobStore({ dataDir, ...limits });
  });
  afterEach(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  function stage(bytes: Buffer): Promise<StagedBody> {
    return store.staging.receive(bodyOf(bytes), { maxBytes: 16 * mib, declaredBytes: bytes.length });
  }
  function staged(): Promise<string[]> {
    return readdir(join(dataDir, 'staging'));
  }

  test('blobs are plain files of their bytes, for their owner alone', async () => {
    for (const size of [100, 65_536, 9 * mib]) {
      const bytes = randomBytes(size);
      await store.commit(`inc/str/${size}`, await stage(bytes));
      const found = await stat(join(dataDir, 'blobs/inc/str', String(size)));
      assert.deepEqual([found.size, found.mode & 0o777, found.nlink], [size, 0o600, 1]);
    }
    for (const folder of ['blobs', 'blobs/inc', 'blobs/inc/str', 'staging']) {
      assert.equal((await stat(join(dataDir, folder))).mode & 0o777, 0o700);
    }
    assert.deepEqual(await staged(), []);
  });

  test('a large body leaves no file after an abort, an excess or a discard', async () => {
    const stream = new PassThrough();
    const received = store.staging.receive(stream, { maxBytes: 16 * mib, declaredBytes: 12 * mib });
    stream.write(randomBytes(mib));
    setTimeout(() => stream.destroy(), 20);
    await assert.rejects(received, problem('length_mismatch'));
    await assert.rejects(
      store.staging.receive(bodyOf(randomBytes(9 * mib)), { maxBytes: 8 * mib }),
      problem('upload_too_large'),
    );
    const body = await stage(randomBytes(9 * mib));
    assert.equal((await staged()).length, 1);
    await body.discard();
    assert.deepEqual(await staged(), []);
  });

  test('the sweep removes by age, and never what is in use here', async () => {
    const old = new Date(Date.now() - 7_200_000);
    await writeFile(join(dataDir, 'staging/old'), Buffer.alloc(500));
    await utimes(join(dataDir, 'staging/old'), old, old);
    await writeFile(join(dataDir, 'staging/new'), 'x');
    const body = await stage(randomBytes(9 * mib));
    const [live] = (await staged()).filter((name) => name !== 'old' && name !== 'new');
    await utimes(join(dataDir, 'staging', live ?? ''), old, old);
    assert.deepEqual(await store.staging.sweep(3_600_000), { removed: 1, bytes: 500 });
    assert.deepEqual((await staged()).sort(), [live, 'new'].sort());
    assert.equal(await store.commit('a/b', body), 'created');
    assert.deepEqual(await staged(), ['new']);
  });

  test('old staging is swept at start', async () => {
    const old = new Date(Date.now() - 7_200_000);
    await writeFile(join(dataDir, 'staging/old'), 'x');
    await utimes(join(dataDir, 'staging/old'), old, old);
    await (await openLocalBlobStore({ dataDir, ...limits })).close();
    assert.deepEqual(await staged(), []);
  });

  test('a folder where a blob should be: refused, never replaced, and the body is kept for its holder', async () => {
    await store.commit('a/b/c', await stage(Buffer.from('x')));
    const body = await stage(Buffer.from('y'));
    await assert.rejects(store.commit('a/b', body), problem('storage_unavailable'));
    await assert.rejects(store.commit('a/b/c/d', body), problem('storage_unavailable'));
    assert.equal(await store.commit('a/d', body), 'created');
    assert.equal(await store.size('a/b'), undefined);
    assert.deepEqual(await staged(), []);
    assert.equal(await store.health(), 'ok');
  });

  test('a data directory that goes away is unavailable, not corrupt, and nothing is made in its place', async () => {
    await store.commit('a/b', await stage(Buffer.from('x')));
    const body = await stage(Buffer.from('y'));
    await rename(join(dataDir, 'blobs'), join(dataDir, 'elsewhere'));
    await assert.rejects(store.commit('c/d', body), problem('storage_unavailable'));
    await assert.rejects(store.open('a/b'), problem('storage_unavailable'));
    await assert.rejects(store.size('a/b'), problem('storage_unavailable'));
    await assert.rejects(Array.fromAsync(store.list()), problem('storage_unavailable'));
    assert.equal(await store.health(), 'unavailable');
    // An empty mount point is a folder too, but not the one that was opened.
    await mkdir(join(dataDir, 'blobs'));
    await assert.rejects(store.commit('c/d', body), problem('storage_unavailable'));
    assert.deepEqual(await readdir(join(dataDir, 'blobs')), []);
    await rm(join(dataDir, 'blobs'), { recursive: true });
    await rename(join(dataDir, 'elsewhere'), join(dataDir, 'blobs'));
    assert.equal(await store.commit('c/d', body), 'created');
    assert.equal(await store.health(), 'ok');
    await rm(join(dataDir, 'staging'), { recursive: true });
    const late = await stage(Buffer.from('z'));
    await assert.rejects(store.commit('e/f', late), problem('storage_unavailable'));
    await assert.rejects(stage(randomBytes(9 * mib)), problem('storage_unavailable'));
    await late.discard();
    assert.equal(store.staging.usage().bodies, 0);
  });

  test('slow senders in every slot do not keep others waiting', async () => {
    const slow = Array.from({ length: 140 }, () => new PassThrough());
    const arriving = slow.map((stream) => {
      stream.write(Buffer.alloc(500, 's'));
      return store.staging.receive(stream, { maxBytes: mib, declaredBytes: 1000 });
    });
    const quick = await stage(randomBytes(60_000));
    assert.equal(await store.commit('q/1', quick), 'created');
    for (const stream of slow) stream.end(Buffer.alloc(500, 'e'));
    const bodies = await Promise.all(arriving);
    await Promise.all(bodies.map((body, i) => store.commit(`s/${i}`, body)));
    const expected = Buffer.concat([Buffer.alloc(500, 's'), Buffer.alloc(500, 'e')]);
    for (let i = 0; i < bodies.length; i++)
      assert.deepEqual(await buffer((await store.open(`s/${i}`)).stream), expected);
    assert.deepEqual(await staged(), []);
  });

  test('whoever waits for a slot and hangs up is forgotten', async () => {
    const slow = Array.from({ length: 9 }, () => new PassThrough());
    const received = slow.map((stream) => store.staging.receive(stream, { maxBytes: 4 * mib, declaredBytes: 4 * mib }));
    setTimeout(() => slow.forEach((stream) => void stream.destroy()), 20);
    for (const one of await Promise.allSettled(received)) assert.equal(one.status, 'rejected');
    assert.equal(store.staging.usage().bodies, 0);
    const all = await Promise.all(Array.from({ length: 8 }, () => stage(Buffer.alloc(4 * mib))));
    for (const body of all) await body.discard();
  });
});
