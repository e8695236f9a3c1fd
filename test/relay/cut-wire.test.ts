import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silently, told } from '../support/finding.ts';
import { lacks } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { cutWire } from './cut-wire.ts';

for (const over of ['proxy', 'cable'] as const)
  test(`the way to the core is cut while clients upload (${over}): each chunk is there once, and staging is bounded`, async (t) => {
    if (over === 'cable' && lacks(t, 'root', 'ip')) return;
    const seed = freshSeed();
    const finding = await cutWire({ over, cuts: 15, seed, progress: silently });
    assert.deepEqual(finding.violations, [], `seed ${seed}\n${told(finding.violations)}`);
    assert.ok(finding.acknowledged > 0);
  });
