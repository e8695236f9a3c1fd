import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import type { Coordinator, Lease } from '#platform/coordination/coordinator.ts';
import { openValkey } from '#platform/coordination/valkey/valkey.ts';
import { parseRedisUrl } from '#platform/coordination/valkey/valkey-address.ts';
import { createLog } from '#platform/process/log.ts';
import { lacks } from '../support/needs.ts';
import { repository } from '../support/server.ts';
import { startRedis } from '../support/services/redis.ts';

const name = 'upload:a chunk';
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Another process that holds the lease. */
async function hold(
  t: TestContext,
  url: string,
  ttlMs: number,
): Promise<{ child: ChildProcess; next: () => Promise<string> }> {
  const script = join(repository, 'test/nodes/hold-lease.ts');
  const child = spawn(process.execPath, [script, url, name, String(ttlMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), 'held');
  return { child, next };
}

async function takenWithin(coordinator: Coordinator, ms: number): Promise<Lease | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const lease = await coordinator.lease(name, 60_000);
    if (lease !== undefined || performance.now() > end) return lease;
    await wait(100);
  }
}

async function open(t: TestContext, url: string): Promise<Coordinator> {
  const address = parseRedisUrl(url);
  assert.ok(address);
  const coordinator = await openValkey(address, createLog('error'));
  t.after(() => coordinator.close());
  return coordinator;
}

test('a holder that is paused past the end of its lease ends nobody else’s when it goes on', async (t) => {
  if (lacks(t, 'valkey')) return;
  const redis = await startRedis();
  t.after(() => redis.stop());
  const coordinator = await open(t, redis.url);
  const { child, next } = await hold(t, redis.url, 1_000);
  assert.equal(await coordinator.lease(name, 60_000), undefined);
  child.kill('SIGSTOP');
  assert.ok(await takenWithin(coordinator, 3_000), 'the lease ended by itself');
  child.kill('SIGCONT');
  child.stdin?.write('release\n');
  assert.equal(await next(), 'released');
  assert.equal(await coordinator.lease(name, 60_000), undefined, 'ours is still held');
  child.stdin?.end();
  await once(child, 'exit');
});

test('nobody waits for the whole time of a lease whose holder is dead or frozen, and a living one keeps it', async (t) => {
  if (lacks(t, 'valkey')) return;
  const redis = await startRedis();
  t.after(() => redis.stop());
  const coordinator = await open(t, redis.url);
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    const { child, next } = await hold(t, redis.url, 600_000);
    assert.equal(
      await takenWithin(coordinator, signal === 'SIGKILL' ? 8_000 : 500),
      undefined,
      'it lives and keeps it',
    );
    child.kill(signal);
    const lease = await takenWithin(coordinator, 8_000);
    assert.ok(lease, `${signal}: taken over within seconds`);
    if (signal === 'SIGSTOP') {
      child.kill('SIGCONT');
      child.stdin?.write('release\n');
      assert.equal(await next(), 'released');
      assert.equal(await coordinator.lease(name, 60_000), undefined, 'ours is still held');
      child.stdin?.end();
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await lease.release();
  }
  assert.equal(coordinator.statistics().takeovers, 2);
});
