/** On a file system of 8 MiB, mounted for this file alone in a mount namespace of its own: the file starts itself again there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NamedRun } from '#features/lineage/record/seal-run.ts';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { isProblem } from '#kit/errors.ts';
import { lacks } from '../support/needs.ts';
import { scratchFolder } from '../support/server.ts';
import { examineFolder } from './examine-folder.ts';

const mounted = process.env.PROOFLINE_TEST_SMALL_DISK;
const key = { organization: 'acme', project: 'shop', service: 'api' };
const day = '2026-01-02';

if (mounted === undefined) {
  test('runs on a full disk', (t) => {
    if (lacks(t, 'root', 'unshare', 'mount')) return;
    const folder = scratchFolder('full-runs');
    const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" --test --test-reporter=spec "$3"';
    const env = { ...process.env, PROOFLINE_TEST_SMALL_DISK: folder.path, NODE_TEST_CONTEXT: undefined };
    const args = ['-m', 'sh', '-c', script, 'sh', folder.path, process.execPath, import.meta.filename];
    const run = spawnSync('unshare', args, { env, encoding: 'utf8' });
    folder.remove();
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /pass 1/);
  });
} else {
  test('full: 507 for the run at hand, no half record, and what was kept back is finished by the same run again', async () => {
    const dataDir = join(mounted, 'runs');
    const filler = join(mounted, 'filler');
    const log = { warn: () => undefined, error: () => undefined };
    const store = await openFolderRunStore({ dataDir, log });
    const kept = new Set<string>();
    const put = async (id: string): Promise<'kept' | 'full'> => {
      const run: NamedRun = { ...key, run_id: id, artifact: JSON.stringify('x'.repeat(3000)) };
      try {
        await store.put(run, `${day}T12:00:00.000Z`);
        kept.add(id);
        return 'kept';
      } catch (error) {
        assert.ok(isProblem(error, 'storage_full') && error.kind === 'storage_full', String(error));
        return 'full';
      }
    };
    await put('first');
    fill(filler);
    let unlisted = 0;
    for (let i = 0; i < 60; i++) {
      // Room for one page more: sometimes the record takes it, and its line finds none.
      truncateSync(filler, statSync(filler).size - 4096);
      if ((await put(`r${i}`)) === 'full') {
        const read = await store.read(key, `r${i}`);
        assert.equal(existsSync(join(dataDir, 'acme/shop/api', `r${i}`, 'payload.json')), read !== undefined);
        if (read !== undefined) unlisted += 1;
        for (let pages = 0; (await put(`r${i}`)) === 'full'; pages++) {
          assert.ok(pages < 10);
          truncateSync(filler, statSync(filler).size - 4096);
        }
      }
      assert.deepEqual(readdirSync(join(dataDir, '.staging')), []);
      const lines = await store.day(key, { day });
      assert.deepEqual(new Set(lines.map(({ run_id }) => run_id)), kept);
      fill(filler);
    }
    assert.ok(unlisted > 0, 'a line met the full disk');
    assert.equal(await store.health(), 'ok');
    truncateSync(filler, 0);
    await store.close();
    assert.equal(await examineFolder(dataDir, []), 61);
  });
}

/** To the last page. */
function fill(path: string): void {
  try {
    for (;;) writeFileSync(path, Buffer.alloc(4096), { flag: 'a' });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC'); // of a write that failed
  }
}
