import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { damageBlobs, damageDatabase } from './flipped-bits.ts';

test('a damaged blob is never served as whole', async () => {
  const found = await damageBlobs({ rounds: 30, seed: freshSeed() });
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});

test('with a flipped bit in the database, a bundle that ends well still holds the accepted bytes', async (t) => {
  const found = await damageDatabase({ rounds: 4, seed: freshSeed() });
  t.diagnostic(`${found.note}`);
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});
