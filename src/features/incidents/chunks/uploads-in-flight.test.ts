import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { Coordinator } from '#platform/coordination/coordinator.ts';
import { noCoordination } from '#platform/coordination/none/none.ts';
import { openValkey } from '#platform/coordination/valkey/valkey.ts';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { createLog } from '#platform/process/log.ts';
import { lacks } from '../../../../test/support/needs.ts';
import { startRedis, type TestRedis } from '../../../../test/support/services/redis.ts';
import { UploadsInFlight } from './uploads-in-flight.ts';

const inProgress = (error: unknown) => isProblem(error, 'upload_in_progress') && error.retryAfterSeconds === 1;
const ttlMs = 60_000;

async function twoNodes(t: TestContext): Promise<{ redis: TestRedis; coordinators: Coordinator[] }> {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const address = parseRedisUrl(redis.url);
  assert.ok(address);
  const coordinators = await Promise.all([1, 2].map(() => openValkey(address, createLog('error'))));
  for (const coordinator of coordinators) t.after(() => coordinator.close());
  return { redis, coordinators };
}

test('one process knows its own uploads without asking anybody', async () => {
  const asked: string[] = [];
  const alone = noCoordination();
  const coordinator: Coordinator = {
    ...alone,
    lease: (name, ms) => {
      asked.push(name);
      return alone.lease(name, ms);
    },
  };
  const inFlight = new UploadsInFlight({ coordinator, ttlMs });
  const first = await inFlight.reserve('chunk', 'key');
  await assert.rejects(inFlight.reserve('chunk', 'another key'), inProgress);
  await assert.rejects(inFlight.reserve('another chunk', 'key'), inProgress);
  (await inFlight.reserve('another chunk', undefined)).release();
  assert.equal(inFlight.size, 2);
  first.release();
  assert.equal(inFlight.size, 0);
  (await inFlight.reserve('chunk', 'key')).release();
  assert.deepEqual(asked, []);
});

test('nodes keep out of each other’s way, on the chunk and on the key, all or nothing', async (t) => {
  if (lacks(t, 'valkey')) return;
  const { redis, coordinators } = await twoNodes(t);
  const [a, b] = coordinators.map((coordinator) => new UploadsInFlight({ coordinator, ttlMs }));
  assert.ok(a && b);
  const held = await a.reserve('chunk', 'key');
  await assert.rejects(b.reserve('chunk', 'another key'), inProgress);
  await assert.rejects(b.reserve('another chunk', 'key'), inProgress);
  (await b.reserve('another chunk', 'another key')).release();
  assert.deepEqual([a.size, b.size], [2, 0]);
  held.release();
  // Released and taken again by the same node, over one connection, in order.
  (await a.reserve('chunk', 'key')).release();
  await redis.kill();
  await assert.rejects(a.reserve('chunk', 'key'), (error) => isProblem(error, 'coordination_unavailable'));
  assert.deepEqual([a.size, b.size], [0, 0]);
});

test('of many that race on two nodes no two get through', async (t) => {
  if (lacks(t, 'valkey')) return;
  const { coordinators } = await twoNodes(t);
  const nodes = coordinators.map((coordinator) => new UploadsInFlight({ coordinator, ttlMs }));
  for (let round = 0; round < 50; round++) {
    const racing = nodes.flatMap((node) => [1, 2, 3].map(() => node.reserve(`chunk ${round}`, `key ${round}`)));
    const results = await Promise.allSettled(racing);
    // Each may hold one of the names and give way to the other.
    const through = results.filter((result) => result.status === 'fulfilled');
    assert.ok(through.length <= 1, `${through.length} in round ${round}`);
    for (const { value } of through) value.release();
  }
});
