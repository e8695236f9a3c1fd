import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { coordinatorContract } from '../coordinator.contract.ts';
import { noCoordination } from './none.ts';

coordinatorContract('No coordination', async () => {
  let at = 60_000;
  const pass = async (ms: number) => {
    at += ms;
  };
  return { coordinator: noCoordination({ now: () => at }), pass };
});

test('windows are fixed: they end on multiples of their length', async () => {
  let at = 59_999;
  const coordinator = noCoordination({ now: () => at });
  assert.deepEqual(await coordinator.count('a', 1, 60_000), { allowed: true, retryAfterMs: 1 });
  assert.deepEqual(await coordinator.count('a', 1, 60_000), { allowed: false, retryAfterMs: 1 });
  at = 60_000;
  assert.deepEqual(await coordinator.count('a', 1, 60_000), { allowed: true, retryAfterMs: 60_000 });
});

test('a flood of keys is bounded, forgets no running window, and passes', async () => {
  let at = 0;
  const coordinator = noCoordination({ now: () => at, capacity: 1000 });
  await coordinator.count('mine', 1, 60_000);
  let refused = 0;
  for (let n = 0; n < 5000; n++) {
    await coordinator.count(`flood ${n}`, 1, 1000).catch((error: unknown) => {
      assert.ok(isProblem(error, 'rate_limit_unavailable'));
      refused += 1;
    });
  }
  assert.equal(refused, 5000 - 999);
  assert.equal((await coordinator.count('mine', 1, 60_000)).allowed, false);
  at = 1000;
  assert.equal((await coordinator.count('late', 1, 1000)).allowed, true);
  assert.equal((await coordinator.count('mine', 1, 60_000)).allowed, false);
});

test('so are leases', async () => {
  let at = 0;
  const coordinator = noCoordination({ now: () => at, capacity: 2 });
  assert.ok(await coordinator.lease('a', 10));
  assert.ok(await coordinator.lease('b', 20));
  await assert.rejects(coordinator.lease('c', 10), (error) => isProblem(error, 'coordination_unavailable'));
  at = 10;
  assert.ok(await coordinator.lease('c', 10));
  assert.equal(await coordinator.lease('b', 10), undefined);
});
