import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { cutClients } from './cut-clients.ts';

test('uploads that are cut off, or whose length or hash is wrong, leave nothing', async (t) => {
  const found = await cutClients({ cuts: 400, seed: freshSeed() });
  t.diagnostic(`${found.note}; seed ${found.seed}`);
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});

// Each of these once kept its place in staging for ever, until no upload of anybody was taken any more.
test('a form that is cut off inside its file gives back its place in staging', async () => {
  const found = await cutClients({
    cuts: 64,
    seed: freshSeed(),
    framings: ['multipart'],
    endings: ['fin', 'reset', 'stall'],
  });
  assert.equal(told(found.violations), '', `seed ${found.seed}`);
});
