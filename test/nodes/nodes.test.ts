import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { raceForIdentity, raceRevocation, raceWithEnd } from '../races/races.ts';
import { type Finding, told } from '../support/finding.ts';
import { lacks, missing } from '../support/needs.ts';
import { freshSeed } from '../support/random.ts';
import { type Cluster, clusterNeeds, startCluster } from './cluster.ts';
import {
  crashPostgres,
  flushValkey,
  freezeHolder,
  harmLink,
  killAtFailpoints,
  killAtRandom,
  killValkey,
  links,
} from './faults.ts';
import { groundOf, raceForName, raceForQuota, raceSignOut, raceToSetUp } from './node-races.ts';
import { type Fault, storm } from './storm.ts';

/** The short form of what `npm run prove` does to several nodes for hours. */
const needed = clusterNeeds('versitygw');

test('several nodes need something to share', (t) => {
  if (lacks(t, ...needed)) return;
  assert.deepEqual(missing(...needed), []);
});

describe('two nodes on one PostgreSQL, one bucket and one Valkey', { skip: missing(...needed).length > 0 }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster('versitygw');
  });
  after(async () => {
    await cluster.stop();
  });

  function holds(found: Finding): void {
    assert.equal(told(found.violations), '', `seed ${found.seed}`);
    assert.ok(found.acknowledged > 0);
  }

  for (const [name, race, rounds] of [
    ['64 writers for one identity have one creator', raceForIdentity, 2],
    ['uploads and the end of what they belong to happen in one order', raceWithEnd, 6],
    ['a link revoked at one shows nothing at the other', raceRevocation, 1],
    ['a session that ends at one is over at the other', raceSignOut, 1],
    ['a quota is used up and never exceeded', raceForQuota, 3],
    ['a user name is given once', raceForName, 1],
  ] as const)
    test(name, async () => holds(await race({ rounds, seed: freshSeed(), ground: groundOf(cluster) })));

  test('both started at once on an empty database make one administrator', async () =>
    holds(await raceToSetUp({ rounds: 1, seed: freshSeed(), cluster })));

  const first = freshSeed();
  for (const [fault, rounds] of [
    [killAtFailpoints(first), 1],
    [killAtRandom, 1],
    [freezeHolder, 1],
    [flushValkey, 1],
    [killValkey, 1],
    [crashPostgres, 1],
    ...links.map(([link, name], i) => [harmLink(link, name, first + i), 1] as const),
  ] satisfies (readonly [Fault, number])[])
    test(`nothing is lost or doubled, and all is answered: ${fault.fault}`, async (t) => {
      const found = await storm({ cluster, rounds, seed: freshSeed(), turns: 2 }, fault);
      t.diagnostic(`${found.acknowledged} acknowledged, ${found.note}, seed ${found.seed}`);
      holds(found);
    });
});
