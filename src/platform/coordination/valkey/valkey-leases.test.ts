import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '#platform/process/log.ts';
import { lacks } from '../../../../test/support/needs.ts';
import { startRedis } from '../../../../test/support/services/redis.ts';
import { parseRedisUrl } from './valkey-address.ts';
import { ValkeyConnection } from './valkey-connection.ts';
import { ValkeyLeases } from './valkey-leases.ts';
import { Presence } from './valkey-presence.ts';
import { takeScript } from './valkey-scripts.ts';

test('a lease whose question came late, after it was given up and given back, does not stand for its whole time', async (t) => {
  if (lacks(t, 'valkey')) return;
  const redis = await startRedis();
  const address = parseRedisUrl(`${redis.url}/0`);
  assert.ok(address);
  const connection = new ValkeyConnection(address, createLog('silent'));
  t.after(async () => {
    connection.close();
    await redis.stop();
  });
  await connection.open();
  let late: Promise<unknown> | undefined;
  // The way to the server keeps the question for five seconds; its sender waits for two.
  const slow = {
    run: async (...asked: Parameters<ValkeyConnection['run']>) => {
      if (asked[0] !== takeScript || late !== undefined) return await connection.run(...asked);
      late = pause(5_000).then(() => connection.run(...asked));
      throw new Error('timed out');
    },
  };
  const presence = new Presence(connection);
  const leases = new ValkeyLeases(slow, presence);
  await presence.begin(() => leases.settle());
  t.after(() => presence.end());
  await assert.rejects(leases.take('turn', 600_000));
  await pause(2_500);
  await leases.settle();
  await late;
  const holders = async () => (await redis.command('KEYS', '*lease*')) as string[];
  assert.equal((await holders()).length, 1, 'it came late');
  const since = performance.now();
  while ((await holders()).length > 0) {
    assert.ok(performance.now() - since < 20_000, 'it was never given back');
    await pause(100);
  }
});
