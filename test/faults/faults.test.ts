import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { watchOrder } from './order-rounds.ts';

test('every acknowledgement comes after its bytes, its name, its folder and its row are flushed', async (t) => {
  if (lacks(t, 'root', 'strace')) return;
  const found = await watchOrder({ acks: 100, seed: freshSeed() });
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
  assert.equal(found.acknowledged, 100);
});
