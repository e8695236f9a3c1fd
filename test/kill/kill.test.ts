import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { failpointNames } from './failpoints.ts';
import { killRounds } from './kill-rounds.ts';

for (const [at, rounds] of [
  ['failpoints', 1],
  ['random', 4],
] as const) {
  test(`kill -9 loses nothing that was acknowledged and leaves nothing that misleads, ${at}`, async (t) => {
    assert.ok(failpointNames().length >= 12, 'the names are read from the source');
    const found = await killRounds({ at, rounds, seed: freshSeed() });
    t.diagnostic(`${found.rounds} kills, ${found.acknowledged} acknowledged, ${found.note}, seed ${found.seed}`);
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
    assert.ok(found.acknowledged > 0);
  });
}
