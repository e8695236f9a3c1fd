import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { killBoth } from './kill-both.ts';

test('recorders go on while the relay and the server are killed in turn: each chunk is there once', async (t) => {
  const found = await killBoth({ rounds: 5, recorders: 3, seed: freshSeed() });
  t.diagnostic(`${found.acknowledged} acknowledged; ${found.note}, seed ${found.seed}`);
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});
