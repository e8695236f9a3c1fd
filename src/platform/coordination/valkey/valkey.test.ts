import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { createLog } from '#platform/process/log.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { lacks, missing } from '../../../../test/support/needs.ts';
import { startRedis, type TestRedis } from '../../../../test/support/services/redis.ts';
import { unusedPort } from '../../../../test/support/services/unused-port.ts';
import { coordinatorContract } from '../coordinator.contract.ts';
import type { Coordinator } from '../coordinator.ts';
import { openValkey } from './valkey.ts';
import { parseRedisUrl, type ValkeyAddress } from './valkey-address.ts';

const lines: string[] = [];
const log = createLog('debug', { write: (line) => void lines.push(line) });
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let databases = 0;
function addressOf(redis: TestRedis, database = ++databases): ValkeyAddress {
  const address = parseRedisUrl(`${redis.url}/${database}`);
  assert.ok(address);
  return address;
}

/** The answer, and how long it took to come. */
async function timed<T>(ask: Promise<T>): Promise<{ error: unknown; ms: number }> {
  const since = performance.now();
  const error = await ask.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - since };
}

async function until(look: () => Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await look())) {
    assert.ok(performance.now() < end, `not within ${ms} ms`);
    await wait(50);
  }
}

describe('Valkey', { skip: missing('valkey').length > 0 }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());
  const left: { close(): Promise<void> }[] = [];
  // What a failing test left open would keep the process from ending.
  afterEach(async () => {
    for (const one of left.splice(0)) await one.close();
  });
  const open = async (address = addressOf(redis)) => {
    const coordinator = await openValkey(address, log);
    left.push(coordinator);
    return coordinator;
  };

  coordinatorContract('Valkey', async () => {
    const coordinator = await open();
    return { coordinator, pass: (ms) => wait(ms + 10) };
  });

  test('two nodes count together and keep out of each other’s leases; nothing is in clear', async () => {
    const address = addressOf(redis);
    const [a, b] = [await open(address), await open(address)];
    const decisions = await Promise.all(
      Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? a : b).count('login:203.0.113.9', 50, 60_000)),
    );
    assert.equal(decisions.filter(({ allowed }) => allowed).length, 50);
    const lease = await a.lease('incidents/inc_1/video_000001.enc', 60_000);
    assert.ok(lease);
    assert.equal(await b.lease('incidents/inc_1/video_000001.enc', 60_000), undefined);
    const stored = await contents(redis, address.database);
    assert.ok(Object.keys(stored).length >= 4);
    assert.doesNotMatch(JSON.stringify(stored), /inc_1|video|203\.0\.113|login/);
    await lease.release();
    assert.ok(await b.lease('incidents/inc_1/video_000001.enc', 60_000));
    await a.close();
    await b.close();
  });

  test('every key that it writes ends by itself, also a counter that lost its end', async () => {
    const address = addressOf(redis);
    const coordinator = await open(address);
    await coordinator.count('a', 1, 60_000);
    await coordinator.lease('a', 60_000);
    for (const [key, { ttlMs }] of Object.entries(await contents(redis, address.database))) {
      assert.ok(ttlMs > 0, key);
      if (key.includes(':count:') && ttlMs > 1_000) await inDatabase(redis, address.database, 'PERSIST', key);
    }
    const { allowed, retryAfterMs } = await coordinator.count('a', 1, 60_000);
    assert.deepEqual([allowed, retryAfterMs > 59_000], [false, true]);
    for (const [key, { ttlMs }] of Object.entries(await contents(redis, address.database))) assert.ok(ttlMs > 0, key);
    await coordinator.close();
  });

  test('FLUSHALL and SCRIPT FLUSH in the middle: windows and leases begin anew, nothing fails', async () => {
    const coordinator = await open();
    await coordinator.count('a', 1, 60_000);
    const lease = await coordinator.lease('a', 60_000);
    await redis.command('FLUSHALL');
    await redis.command('SCRIPT', 'FLUSH');
    assert.equal((await coordinator.count('a', 1, 60_000)).allowed, true);
    assert.equal((await coordinator.count('a', 1, 60_000)).allowed, false);
    const second = await coordinator.lease('a', 60_000);
    assert.ok(second);
    await lease?.release();
    assert.equal(await coordinator.lease('a', 60_000), undefined, 'the release of a lost lease ends no other');
    await coordinator.close();
  });

  test('a start without it is refused in time and in words', async () => {
    const nowhere = { ...addressOf(redis), port: await unusedPort() };
    const secured = await startRedis({ password: 'canary-password' });
    const full = await startRedis({ settings: ['maxmemory 1', 'maxmemory-policy noeviction'] });
    const paused = await startRedis();
    paused.pause();
    try {
      const right = addressOf(secured, 1);
      for (const [address, reason] of [
        [nowhere, 'ECONNREFUSED'],
        [{ ...right, password: '' }, 'NOAUTH'],
        [{ ...right, password: 'canary-wrong' }, 'WRONGPASS'],
        [addressOf(redis, 999_999), 'ERR'],
        [{ ...addressOf(redis), host: 'nowhere.invalid' }, 'ENOTFOUND|EAI_AGAIN'],
        [{ ...addressOf(redis), tls: true }, '[A-Z_]+|timeout|closed'],
        [addressOf(full, 0), 'OOM'],
        [addressOf(paused, 0), 'timeout|closed'],
      ] as const) {
        const { error, ms } = await timed(open(address));
        assert.ok(error instanceof StartupError, `${reason}: ${String(error)}`);
        assert.match(error.message, new RegExp(`\\((${reason})\\)`));
        assert.match(error.remedy, /SAFE_VALKEY_/);
        assert.doesNotMatch(`${error.message}${error.remedy}${error.stack}${String(error.cause)}`, /canary/);
        assert.ok(ms < 6_000, `${reason} after ${ms} ms`);
      }
      await (await open(right)).close();
    } finally {
      paused.resume();
      for (const server of [secured, full, paused]) await server.stop();
    }
    assert.doesNotMatch(lines.join(''), /canary/);
  });

  test('killed later: every question fails in time, and it comes back by itself', async () => {
    const own = await startRedis();
    const coordinator = await open(addressOf(own));
    await own.kill();
    await assertUnavailable(coordinator);
    assert.ok(coordinator.statistics().failures >= 2);
    await own.start();
    await until(async () => (await coordinator.health()) === 'ok');
    assert.equal((await coordinator.count('a', 1, 1_000)).allowed, true);
    assert.ok(await coordinator.lease('a', 1_000));
    await coordinator.close();
    await own.stop();
    assert.match(lines.join(''), /coordination is lost/);
    assert.match(lines.join(''), /coordination is back/);
  });

  test('silent later: every question fails in time, and what was taken meanwhile is given back', async () => {
    const own = await startRedis();
    const address = addressOf(own);
    const [coordinator, other] = [await open(address), await open(address)];
    const lease = await coordinator.lease('released in the dark', 600_000);
    own.pause();
    const released = lease?.release();
    const { error, ms } = await timed(coordinator.lease('taken in the dark', 600_000));
    assert.ok(isProblem(error, 'coordination_unavailable') && ms < 3_500, `${String(error)} ${ms}`);
    await assertUnavailable(coordinator);
    await released;
    own.resume();
    await until(async () => (await coordinator.health()) === 'ok' && (await other.health()) === 'ok');
    for (const name of ['released in the dark', 'taken in the dark'])
      await until(async () => (await other.lease(name, 600_000)) !== undefined);
    await coordinator.close();
    await other.close();
    await own.stop();
  });

  async function assertUnavailable(coordinator: Coordinator): Promise<void> {
    const health = await timed(coordinator.health().then((state) => assert.equal(state, 'unavailable')));
    assert.equal(health.error, undefined);
    const counted = await timed(coordinator.count('a', 1, 1_000));
    assert.ok(isProblem(counted.error, 'rate_limit_unavailable'), String(counted.error));
    assert.ok(isProblem(counted.error) && counted.error.retryAfterSeconds === 2);
    const leased = await timed(coordinator.lease('a', 1_000));
    assert.ok(isProblem(leased.error, 'coordination_unavailable'), String(leased.error));
    for (const { ms } of [health, counted, leased]) assert.ok(ms < 3_500, `${ms} ms`);
  }
});

test('Valkey is there to be tested with', (t) => {
  if (lacks(t, 'valkey')) return;
  assert.deepEqual(missing('valkey'), []);
});

async function inDatabase(redis: TestRedis, database: number, ...command: string[]): Promise<unknown> {
  return await redis.command(
    'EVAL',
    "redis.call('SELECT', ARGV[1]); return redis.call(unpack(ARGV, 2))",
    0,
    database,
    ...command,
  );
}

async function contents(
  redis: TestRedis,
  database: number,
): Promise<Record<string, { value: unknown; ttlMs: number }>> {
  const keys = (await inDatabase(redis, database, 'KEYS', '*')) as string[];
  const entries = keys.map(async (key) => {
    const value = await inDatabase(redis, database, 'GET', key);
    const ttlMs = Number(await inDatabase(redis, database, 'PTTL', key));
    return [key, { value, ttlMs }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
