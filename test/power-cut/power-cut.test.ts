import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { cutPower, type PowerCutOptions } from './cut-power.ts';

const machine = ['root', 'unshare', 'mount', 'perl', 'loop'] as const;

const forms: Pick<PowerCutOptions, 'filesystem' | 'mode' | 'databaseApart' | 'rounds'>[] = [
  { filesystem: 'ext4', mode: 'single', databaseApart: true, rounds: 5 },
  { filesystem: 'ext4', mode: 'busy', databaseApart: false, rounds: 2 },
  { filesystem: 'xfs', mode: 'single', databaseApart: false, rounds: 4 },
  { filesystem: 'xfs', mode: 'busy', databaseApart: false, rounds: 2 },
];

for (const form of forms) {
  test(`a power cut on ${form.filesystem} loses nothing that was acknowledged, ${form.mode}`, async (t) => {
    if (lacks(t, ...machine, form.filesystem)) return;
    const found = await cutPower({ ...form, seed: freshSeed() });
    t.diagnostic(`${found.rounds} cuts, ${found.acknowledged} acknowledged, seed ${found.seed}`);
    assert.ok(found.acknowledged >= form.rounds, 'something was acknowledged in every round');
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
  });
}

test('the harness sees loss: with flushes that do nothing, acknowledged chunks are gone after the cut', async (t) => {
  if (lacks(t, ...machine, 'ext4', 'eatmydata')) return;
  const found = await cutPower({
    filesystem: 'ext4',
    mode: 'single',
    databaseApart: false,
    rounds: 2,
    seed: freshSeed(),
    sabotage: { LD_PRELOAD: 'libeatmydata.so' },
    chunksOnly: true,
  });
  assert.ok(found.violations.length >= found.rounds, 'every cut lost something');
});
