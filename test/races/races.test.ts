import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../support/finding.ts';
import { freshSeed } from '../support/random.ts';
import { raceForIdentity, raceProcesses, raceRevocation, raceWithEnd } from './races.ts';

for (const [name, race, rounds] of [
  ['64 writers for one identity have one creator', raceForIdentity, 10],
  ['uploads and the end of what they belong to happen in one order', raceWithEnd, 40],
  ['a revoked link shows nothing that is asked for afterwards', raceRevocation, 5],
  ['the command line and the server write side by side', raceProcesses, 2],
] as const) {
  test(name, async () => {
    const found = await race({ rounds, seed: freshSeed() });
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
    assert.ok(found.acknowledged >= rounds);
  });
}
