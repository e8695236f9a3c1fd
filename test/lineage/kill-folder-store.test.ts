import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../support/server.ts';
import { type AnsweredRun, answersOf, examineFolder } from './examine-folder.ts';

const child = join(import.meta.dirname, 'put-forever.ts');

function killedAt(failpoint: string, dataDir: string, first: number): AnsweredRun[] {
  const { signal, stderr, stdout } = spawnSync(process.execPath, [child, dataDir, '4', String(first)], {
    env: { ...process.env, PROOFLINE_FAILPOINT: failpoint },
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 2 ** 28,
  });
  assert.equal(signal, 'SIGKILL', `${failpoint} was never reached: ${stderr}`);
  return answersOf(stdout);
}

for (const point of [
  'after-create',
  'after-write',
  'after-file-fsync',
  'after-link',
  'after-unlink',
  'after-dir-fsync',
  'lineage-after-record',
  'lineage-after-line',
]) {
  test(`killed ${point}: every run that was answered stands and is listed once, and so is every other record`, async () => {
    const folder = scratchFolder('kill-runs');
    try {
      const answered: AnsweredRun[] = [];
      // The same ids come again, so that later rounds meet what earlier ones had left without an answer.
      for (const [nth, first] of [
        [1, 0],
        [2, 0],
        [9, 20],
        [60, 10],
      ] as const) {
        answered.push(...killedAt(`${point}:${nth}`, folder.path, first));
        await examineFolder(folder.path, answered);
      }
      assert.ok(answered.length > 20);
    } finally {
      folder.remove();
    }
  });
}

for (const point of ['lineage-after-rewrite', 'lineage-after-adoption'])
  test(`killed ${point}: mending goes on at the next start`, async () => {
    const folder = scratchFolder('kill-mending');
    try {
      const answered = killedAt('lineage-after-line:40', folder.path, 0);
      const runs = await examineFolder(folder.path, answered);
      const service = join(folder.path, 'acme/shop/s0');
      // Lines of no record, and records of no line; and nothing says that all is well.
      for (const gone of ['r0', 'r8']) rmSync(join(service, gone), { recursive: true });
      for (const day of ['2026-01-03', '2026-01-05']) rmSync(join(service, `manifests/date=${day}.jsonl`));
      rmSync(join(folder.path, '.clean'));
      const left = answered.filter(({ line, service: of }) => of !== 's0' || !['r0', 'r8'].includes(line.run_id));
      killedAt(`${point}:1`, folder.path, 0);
      const again = await examineFolder(folder.path, left);
      assert.ok(again >= runs - 2);
    } finally {
      folder.remove();
    }
  });
