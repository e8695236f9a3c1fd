/** A long run: `npm run prove -- --only evidence`, or PROOFLINE_MODEL_FACTOR; a seed again: PROOFLINE_MODEL_SEED. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parametersOf } from '../model/runs.ts';
import { evidenceProperties } from './evidence-model.ts';
import { chooseEvidence } from './prove-evidence.ts';

for (const { name, share, property } of evidenceProperties)
  test(name, (t) => {
    fc.assert(
      property(() => undefined),
      parametersOf(t, { runs: 4_000 * share }),
    );
  });

test('the long run does all of them, and one that does not hold is told with its seed and its smallest group', async () => {
  const found = await chooseEvidence({ rounds: 40, seed: 7 });
  assert.deepEqual([found.rounds, found.violations], [40, []]);
  const broken = await chooseEvidence({
    rounds: 40,
    seed: 7,
    properties: [
      {
        name: 'wrong',
        share: 1,
        property: () => fc.property(fc.constantFrom<unknown>(0, 1), (value) => value === 0),
      },
    ],
  });
  assert.equal(broken.violations.length, 1);
  assert.match(String(broken.violations), /^wrong: .*seed 7\b.*\[1\]/s);
});
