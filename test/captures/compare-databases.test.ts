import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { compareDatabases } from './compare-databases.ts';

test('both databases tell the same of the same rows, to the byte', async (t) => {
  if (lacks(t, 'postgres')) return;
  const found = await compareDatabases({ rounds: 60, seed: freshSeed() });
  t.diagnostic(`${found.acknowledged} chunks, ${found.note}, seed ${found.seed}`);
  assert.equal(told(found.violations), '');
  assert.ok(found.acknowledged > 0);
});
