import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openFolderRunStore } from '#features/lineage/stores/folder/open-folder-run-store.ts';
import { HybridRunStore } from '#features/lineage/stores/hybrid/hybrid-run-store.ts';
import type { RunStore } from '#features/lineage/stores/run-store.ts';
import { scratchFolder } from '../support/server.ts';
import { type AnsweredRun, answersOf, examineFolder } from './examine-folder.ts';

const child = join(import.meta.dirname, 'copy-forever.ts');

for (const point of [
  'after-dir-fsync',
  'lineage-after-record',
  'lineage-after-line',
  'lineage-after-copy',
  'lineage-after-cursor',
])
  test(`a hybrid killed ${point}: in the end the copy has every run once, as it came`, async () => {
    const folder = scratchFolder('kill-hybrid');
    const [dataDir, copyDir] = [join(folder.path, 'runs'), join(folder.path, 'copy')];
    try {
      const answered: AnsweredRun[] = [];
      // A cursor is written once a second.
      for (const nth of [1, 2, point === 'lineage-after-cursor' ? 4 : 17]) {
        const { signal, stderr, stdout } = spawnSync(process.execPath, [child, dataDir, copyDir, String(nth)], {
          env: { ...process.env, PROOFLINE_FAILPOINT: `${point}:${nth}` },
          encoding: 'utf8',
          timeout: 20_000,
          maxBuffer: 2 ** 28,
        });
        assert.equal(signal, 'SIGKILL', `${point} was never reached: ${stderr}`);
        answered.push(...answersOf(stdout));
      }
      const errors: string[] = [];
      const log = { warn: () => undefined, error: (_: object, message: string) => void errors.push(message) };
      const to = await openFolderRunStore({ dataDir: copyDir, log });
      const store = await HybridRunStore.open({ dataDir, log, to });
      for (let waited = 0; store.lag().counting || store.lag().pending > 0; waited += 10) {
        assert.ok(waited < 20_000, JSON.stringify(store.lag()));
        await pause(10);
      }
      assert.deepEqual(await listed(to), await listed(store));
      assert.equal(store.lag().refused, 0);
      await store.close();
      assert.deepEqual(errors, []);
      const runs = await examineFolder(dataDir, answered);
      assert.equal(await examineFolder(copyDir, answered), runs);
    } finally {
      folder.remove();
    }
  });

async function listed(store: RunStore) {
  const found: unknown[] = [];
  for await (const key of store.services())
    for (const day of await store.days(key)) found.push([key, await store.day(key, day)]);
  return found;
}
