import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { besiege } from './hostile.ts';

test('slow and hostile clients get their refusal, and an honest one is served meanwhile', async (t) => {
  const found = await besiege({ idleSockets: 500, fuzzRuns: 200, seed: freshSeed() });
  t.diagnostic(`${found.acknowledged} honest uploads; ${found.note}; seed ${found.seed}`);
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});
