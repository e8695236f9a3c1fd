import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { gatherCrowd } from './fanout-crowd.ts';

test('a thousand readers of one stream hear everything, in memory that stays', async (t) => {
  const found = await gatherCrowd({ readers: 1000, chunks: 40, seed: freshSeed() });
  t.diagnostic(found.note ?? '');
  assert.equal(told(found.violations), '');
});
