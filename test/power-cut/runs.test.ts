import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type AnsweredRun, answersOf } from '../lineage/examine-folder.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed, seeded } from '../support/random.ts';
import { type Filesystem, openMountSpace } from '../support/volume.ts';

const machine = ['root', 'unshare', 'mount', 'perl', 'loop'] as const;
const child = join(import.meta.dirname, '../lineage/put-forever.ts');
const examiner = join(import.meta.dirname, '../lineage/examine-once.ts');
/** The least that xfs can be made of, and some. */
const megabytes = 512;

interface Cuts {
  filesystem: Filesystem;
  atOnce: number;
  rounds: number;
  env?: Record<string, string>;
}

/** Puts runs, cuts the power in the middle, and looks at what is left; every round goes on where the last one ended. */
async function cutWhilePutting(t: TestContext, { atOnce, env = {}, filesystem, rounds }: Cuts): Promise<void> {
  const seed = freshSeed();
  const random = seeded(seed);
  t.diagnostic(`seed ${seed}`);
  const space = await openMountSpace();
  try {
    const image = await space.image('runs', filesystem, megabytes);
    const dataDir = `${image.path}/runs`;
    mkdirSync(space.seen(dataDir));
    await space.run('sync');
    const answered: AnsweredRun[] = [];
    for (let round = 0; round < rounds; round++) {
      const [enter = '', ...rest] = space.wrapper;
      const args = [...rest, process.execPath, child, dataDir, String(atOnce), String(round * 10_000)];
      const putting = spawn(enter, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
      const complaint = text(putting.stderr);
      let heard = '';
      putting.stdout.setEncoding('utf8').on('data', (data: string) => {
        heard += data;
      });
      const ended = once(putting, 'exit');
      const wanted = random.between(1, 40);
      while (answersOf(heard).length < wanted && putting.exitCode === null)
        await Promise.race([once(putting.stdout, 'data'), ended]);
      if (putting.exitCode !== null) assert.fail(await complaint);
      // What is heard from now on is not counted: a machine without power answers nothing.
      answered.push(...answersOf(heard));
      await space.cut(image);
      putting.kill('SIGKILL');
      await ended;
      await image.unmount();
      await image.mount();
      const input = answered.map((one) => `${JSON.stringify(one)}\n`).join('');
      const found = spawnSync(enter, [...rest, process.execPath, examiner, dataDir], { input, encoding: 'utf8' });
      assert.equal(found.status, 0, found.stderr);
      const runs = Number(found.stdout);
      t.diagnostic(`round ${round}: ${answered.length} answered, ${runs} stand`);
    }
    assert.ok(answered.length >= rounds);
  } finally {
    await space.close();
  }
}

for (const filesystem of ['ext4', 'xfs'] as const)
  for (const atOnce of [1, 8])
    test(`a power cut on ${filesystem} loses no run that was answered, ${atOnce} at once`, async (t) => {
      if (lacks(t, ...machine, filesystem)) return;
      await cutWhilePutting(t, { filesystem, atOnce, rounds: 4 });
    });

test('the harness sees loss: with flushes that do nothing, answered runs are gone after the cut', async (t) => {
  if (lacks(t, ...machine, 'ext4', 'eatmydata')) return;
  const env = { LD_PRELOAD: 'libeatmydata.so' };
  await assert.rejects(
    cutWhilePutting(t, { filesystem: 'ext4', atOnce: 1, rounds: 2, env }),
    /what was answered is there|ENOENT/,
  );
});
