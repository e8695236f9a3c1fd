import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { breakUploads } from './break-uploads.ts';

for (const [how, rounds] of [
  ['cut', 20],
  ['kill', 4],
] as const)
  test(`a chunk that is sent resumably arrives once through whatever breaks it (${how})`, async (t) => {
    const found = await breakUploads({ how, rounds, seed: freshSeed() });
    t.diagnostic(`${found.acknowledged} chunks, ${found.note}, seed ${found.seed}`);
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
  });
