/**
 * On a real file system of 8 MiB, mounted for this file alone in a mount namespace of its own: the file starts itself again
 * there. Where that is not allowed the test says so by name.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { StagedBody } from '#platform/blobs/blob-store.ts';
import { openLocalBlobStore } from '#platform/blobs/local/local-blob-store.ts';

const mounted = process.env.PROOFLINE_TEST_SMALL_DISK;

function bodyOf(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false });
}

if (mounted === undefined) {
  const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;
  const skip = mayMount ? false : 'needs the right to mount a small tmpfs in `unshare -m`';
  test('a full disk, and folders on two file systems', { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'proofline-full-'));
    const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" --test --test-reporter=spec "$3"';
    const env = { ...process.env, PROOFLINE_TEST_SMALL_DISK: folder, NODE_TEST_CONTEXT: undefined };
    const args = ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, import.meta.filename];
    const run = spawnSync('unshare', args, { env, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /pass 3/);
  });
} else {
  const limits = { stagingQuotaBytes: 2 ** 28, maxBodyBytes: 2 ** 26 };
  const full = (error: unknown): boolean => isProblem(error, 'storage_full') && error.kind === 'storage_full';

  test('full: 507 for the body at hand, no short file, reads go on, and it heals by itself', async () => {
    const dataDir = join(mounted, 'full');
    const store = await openLocalBlobStore({ dataDir, ...limits });
    const kept: { path: string; body: { byteSize: number; sha256Hex: string } }[] = [];
    let refused: StagedBody | undefined;
    for (let i = 0; refused === undefined; i++) {
      const bytes = randomBytes(200_000 + i);
      const body = await store.staging.receive(bodyOf(bytes), { maxBytes: 2 ** 26, declaredBytes: bytes.length });
      try {
        assert.equal(await store.commit(`inc/${i}`, body), 'created');
        kept.push({ path: `inc/${i}`, body });
      } catch (error) {
        assert.ok(full(error), String(error));
        refused = body;
      }
    }
    assert.ok(kept.length > 20);
    // One too large for memory meets the full disk while it arrives.
    await assert.rejects(store.staging.receive(bodyOf(randomBytes(5_000_000)), { maxBytes: 2 ** 26 }), full);
    assert.deepEqual(readdirSync(join(dataDir, 'staging')), []);
    assert.equal(await store.size(`inc/${kept.length}`), undefined);
    for (const { body, path } of kept) assert.equal(await store.check(path, body), 'same');
    assert.equal(await store.health(), 'ok');
    for (const { path } of kept.slice(0, 3)) await store.remove(path);
    assert.equal(await store.commit('inc/retry', refused), 'created');
    assert.equal(store.staging.usage().bodies, 0);
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  test('a folder on another file system takes no link: that body fails alone, and nothing stays in staging', async () => {
    const dataDir = join(mounted, 'linked');
    const store = await openLocalBlobStore({ dataDir, ...limits });
    mkdirSync(join(dataDir, 'blobs/other'));
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(dataDir, 'blobs/other')]).status, 0);
    const [one, two] = [randomBytes(100), randomBytes(9_000_000 % 4096)];
    const bodies = await Promise.all(
      [one, two].map((bytes) => store.staging.receive(bodyOf(bytes), { maxBytes: 2 ** 26 })),
    );
    const [first, second] = bodies;
    assert.ok(first && second);
    const results = await Promise.allSettled([store.commit('other/1', first), store.commit('own/1', second)]);
    assert.ok(results[0].status === 'rejected' && isProblem(results[0].reason, 'storage_unavailable'));
    assert.deepEqual(results[1], { status: 'fulfilled', value: 'created' });
    assert.deepEqual(readdirSync(join(dataDir, 'staging')), []);
    await first.discard();
    await store.close();
  });

  test('staging on another file system, or a file in the way, is refused at start in words', async () => {
    const dataDir = join(mounted, 'split');
    mkdirSync(join(dataDir, 'staging'), { recursive: true });
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(dataDir, 'staging')]).status, 0);
    await assert.rejects(openLocalBlobStore({ dataDir, ...limits }), {
      code: 'storage_unavailable',
      message: /one file system/,
    });
    writeFileSync(join(mounted, 'file'), '');
    const inTheWay = openLocalBlobStore({ dataDir: join(mounted, 'file'), ...limits });
    await assert.rejects(inTheWay, {
      code: 'storage_unavailable',
      message: /cannot be made or opened \((EEXIST|ENOTDIR)\)/,
    });
  });
}
