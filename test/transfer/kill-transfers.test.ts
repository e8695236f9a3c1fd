import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failpointNames } from '../kill/failpoints.ts';
import { told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { killMoves } from './kill-moves.ts';
import { killRestores } from './kill-restores.ts';
import { backupFailpoints, fillFailpoints, killBackups } from './kill-transfers.ts';

test('every failpoint of the commands that copy stores is met', () => {
  const met = [...backupFailpoints, ...fillFailpoints].map((name) => name.split(':')[0]);
  assert.deepEqual(met.toSorted(), failpointNames('transfer'));
});

for (const [name, kill, needs] of [
  ['backup', killBackups, []],
  ['restore', killRestores, []],
  ['move', killMoves, ['postgres', 'radosgw']],
] as const) {
  test(`kill -9 of ${name}: what has a name is whole, and the same command goes on`, async (t) => {
    if (lacks(t, ...needs)) return;
    const found = await kill({ random: 4, seed: freshSeed() });
    t.diagnostic(`${found.rounds} kills, ${found.acknowledged} looked at, seed ${found.seed}`);
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
    assert.ok(found.rounds >= 10);
  });
}
