import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import type { Coordinator } from './coordinator.ts';

/** How the suite makes time pass: a clock it holds, or a real server and real waiting. */
export interface Passage {
  coordinator: Coordinator;
  /** Resolves when so many milliseconds are over for the coordinator. */
  pass(ms: number): Promise<void>;
}

/** What every coordinator must do. `open` returns one of its own for each test, at the start of a minute where it can. */
export function coordinatorContract(name: string, open: () => Promise<Passage>): void {
  describe(`${name} as the coordinator`, () => {
    let coordinator: Coordinator;
    let pass: Passage['pass'];
    beforeEach(async () => {
      ({ coordinator, pass } = await open());
    });
    afterEach(() => coordinator.close());

    const allowed = async (key: string, limit = 3, windowMs = 1000) =>
      (await coordinator.count(key, limit, windowMs)).allowed;

    test('a window allows as many as its limit, then none, and the next one allows again', async () => {
      for (const expected of [true, true, true, false, false]) assert.equal(await allowed('a'), expected);
      const { retryAfterMs } = await coordinator.count('a', 3, 1000);
      assert.ok(retryAfterMs > 0 && retryAfterMs <= 1000, String(retryAfterMs));
      await pass(retryAfterMs);
      assert.equal(await allowed('a'), true);
    });

    test('keys and window lengths count apart', async () => {
      assert.equal(await allowed('a', 1), true);
      assert.equal(await allowed('a', 1), false);
      assert.equal(await allowed('b', 1), true);
      assert.equal(await allowed('a', 1, 2000), true);
    });

    test('a look says what the next use would hear, and uses nothing', async () => {
      const welcome = async (key: string) => (await coordinator.peek(key, 2, 1000)).allowed;
      for (let n = 0; n < 5; n++) assert.equal(await welcome('a'), true);
      assert.equal(await allowed('a', 2), true);
      assert.equal(await welcome('a'), true);
      assert.equal(await allowed('a', 2), true);
      assert.equal(await welcome('a'), false);
      assert.equal(await welcome('b'), true);
      const { retryAfterMs } = await coordinator.peek('a', 2, 1000);
      assert.ok(retryAfterMs > 0 && retryAfterMs <= 1000, String(retryAfterMs));
      await pass(retryAfterMs);
      assert.equal(await welcome('a'), true);
    });

    test('a limit of none allows none', async () => {
      assert.equal(await allowed('a', 0), false);
    });

    test('of 200 at once exactly the limit is allowed', async () => {
      const decisions = await Promise.all(Array.from({ length: 200 }, () => allowed('a', 50, 60_000)));
      assert.equal(decisions.filter(Boolean).length, 50);
    });

    test('a lease has one holder, until it is given back', async () => {
      const lease = await coordinator.lease('upload', 1000);
      assert.ok(lease);
      assert.equal(await coordinator.lease('upload', 1000), undefined);
      assert.ok(await coordinator.lease('another', 1000));
      await lease.release();
      assert.ok(await coordinator.lease('upload', 1000));
    });

    test('of 200 at once one gets the lease', async () => {
      const leases = await Promise.all(Array.from({ length: 200 }, () => coordinator.lease('upload', 60_000)));
      assert.equal(leases.filter((lease) => lease !== undefined).length, 1);
    });

    test('a lease ends by itself, and its late release ends no other', async () => {
      const expired = await coordinator.lease('upload', 100);
      await pass(100);
      assert.ok(await coordinator.lease('upload', 1000));
      await expired?.release();
      await expired?.release();
      assert.equal(await coordinator.lease('upload', 1000), undefined);
    });

    test('closed, it fails closed', async () => {
      assert.equal(await coordinator.health(), 'ok');
      await coordinator.close();
      assert.equal(await coordinator.health(), 'unavailable');
      await assert.rejects(coordinator.count('a', 1, 1000), (error) => isProblem(error, 'rate_limit_unavailable'));
      await assert.rejects(coordinator.peek('a', 1, 1000), (error) => isProblem(error, 'rate_limit_unavailable'));
      await assert.rejects(coordinator.lease('a', 1000), (error) => isProblem(error, 'coordination_unavailable'));
    });
  });
}
