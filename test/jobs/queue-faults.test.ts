/** What becomes of jobs when the queue forgets them, dies, hangs or is not heard: they are done, once, at worst later. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { effectHandler, marks, putDown, states } from '#features/jobs/contract/effects.ts';
import { lacks, missing } from '../support/needs.ts';
import { type BullWorld, openBullWorld } from './bull-world.ts';

let world: BullWorld;
const there = missing('valkey').length === 0;
beforeEach(async () => {
  if (there) world = await openBullWorld();
});
afterEach(async () => {
  if (there) await world.close();
});

/** What each job left behind, without its fence: once each, whoever ran it. */
const doneOnce = async (ids: readonly string[]) =>
  assert.deepEqual((await marks(world.metadata.read)).map((mark) => mark.split(':')[0]).sort(), [...ids].sort());

test('a nudge is enough: nobody waits for the next look', async (t) => {
  if (lacks(t, 'valkey')) return;
  const queue = await world.work(effectHandler(world.metadata), { pollIntervalMs: 60_000 });
  await pause(200);
  const ids = await putDown(world.metadata, 20);
  queue.nudge();
  await world.settled(20, 5_000);
  await doneOnce(ids);
});

test('the queue is flushed again and again while jobs run', async (t) => {
  if (lacks(t, 'valkey')) return;
  const ids = await putDown(world.metadata, 200);
  for (let i = 0; i < 3; i++) await world.work(effectHandler(world.metadata, () => pause(5)));
  for (let i = 0; i < 8; i++) {
    await world.redis.flush();
    await pause(60);
  }
  await world.settled(200);
  await doneOnce(ids);
});

test('the queue is told again of what it has forgotten, long before the table would do', async (t) => {
  if (lacks(t, 'valkey')) return;
  // The table is looked into after ten intervals.
  await world.work(
    effectHandler(world.metadata, () => pause(100)),
    { concurrency: 1, pollIntervalMs: 1_000 },
  );
  const ids = await putDown(world.metadata, 10);
  await pause(1_300);
  await world.redis.flush();
  await world.settled(10, 6_000);
  await doneOnce(ids);
});

test('the server of the queue is killed in the middle, and comes back with nothing', async (t) => {
  if (lacks(t, 'valkey')) return;
  const early = await putDown(world.metadata, 100);
  for (let i = 0; i < 2; i++) await world.work(effectHandler(world.metadata, () => pause(20)));
  await pause(150);
  await world.redis.kill();
  const late = await putDown(world.metadata, 5);
  await pause(300);
  await world.redis.start();
  await world.settled(105);
  await doneOnce([...early, ...late]);
});

test('without the server of the queue the table is enough', async (t) => {
  if (lacks(t, 'valkey')) return;
  await world.work(effectHandler(world.metadata));
  await world.redis.kill();
  const ids = await putDown(world.metadata, 10);
  await world.settled(10);
  await doneOnce(ids);
});

test('the server of the queue hangs', async (t) => {
  if (lacks(t, 'valkey')) return;
  await world.work(effectHandler(world.metadata, () => pause(20)));
  const early = await putDown(world.metadata, 20);
  await pause(100);
  world.redis.pause();
  const late = await putDown(world.metadata, 5);
  await world.settled(25);
  world.redis.resume();
  const last = await putDown(world.metadata, 5);
  await world.settled(30);
  await doneOnce([...early, ...late, ...last]);
});

test('it stops soon while the server of the queue hangs, and gives back what runs', async (t) => {
  if (lacks(t, 'valkey')) return;
  await world.work(effectHandler(world.metadata, (_, signal) => pause(60_000, undefined, { signal })));
  await putDown(world.metadata, 2);
  const end = Date.now() + 10_000;
  while ((await states(world.metadata.read)).running !== 2) {
    assert.ok(Date.now() < end, 'they do not run');
    await pause(20);
  }
  world.redis.pause();
  const since = performance.now();
  await world.stopWorkers();
  assert.ok(performance.now() - since < 8_000, `${performance.now() - since} ms`);
  assert.deepEqual(await states(world.metadata.read), { waiting: 2 });
  world.redis.resume();
});

test('an id that leads to nothing, or to what is done, does no harm', async (t) => {
  if (lacks(t, 'valkey')) return;
  const queue = await world.work(effectHandler(world.metadata));
  const [id = ''] = await putDown(world.metadata, 1);
  queue.nudge();
  await world.settled(1);
  const { Queue } = await import('bullmq');
  const other = new Queue('jobs', { connection: { host: '127.0.0.1', port: world.redis.port }, prefix: 'proofline' });
  for (const jobId of [id, 'job_00000000000000000000000000']) await other.add('jobs', {}, { jobId });
  const end = Date.now() + 10_000;
  while ((await other.getCompletedCount()) < 2) {
    assert.ok(Date.now() < end, 'the ids were not taken');
    await pause(20);
  }
  await other.close();
  await doneOnce([id]);
});
