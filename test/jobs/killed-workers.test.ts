/** Workers that are killed or frozen in the middle of their jobs: others do them, and each has its effect once. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { contractTransactions, marks, putDown, states } from '#features/jobs/contract/effects.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { testDatabases } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { scratchFile } from '#platform/metadata/sqlite/testing/scratch.ts';
import { lacks } from '../support/needs.ts';
import { startRedis } from '../support/services/redis.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

const databases = testDatabases();
const processes = new Set<WorkerProcess>();
after(async () => {
  for (const one of processes) await one.kill();
});

function begin(database: string, redis: string, jobMs: number): WorkerProcess {
  const started = startWorkerProcess(database, redis, jobMs);
  processes.add(started);
  return started;
}

async function end(one: WorkerProcess): Promise<void> {
  processes.delete(one);
  await one.kill();
}

async function allDone(metadata: Metadata, count: number): Promise<void> {
  const until = Date.now() + 60_000;
  while ((await states(metadata.read)).done !== count) {
    assert.ok(Date.now() < until, JSON.stringify(await states(metadata.read)));
    await pause(20);
  }
}

async function doneOnce(metadata: Metadata, ids: readonly string[]): Promise<void> {
  assert.deepEqual(
    (await marks(metadata.read)).map((mark) => mark.split(':')[0]),
    [...ids].sort(),
  );
}

test('killed with its jobs, begun again on the same file: they are done after their leases', async () => {
  const path = scratchFile();
  const look = async <T>(work: (metadata: Metadata) => Promise<T>) => {
    const metadata = openSqliteInline({ path, transactions: contractTransactions });
    return await work(metadata).finally(() => metadata.close());
  };
  const ids = await look((metadata) => putDown(metadata, 4));
  const first = begin(path, '-', 60_000);
  await first.begun(4);
  await end(first);
  await look(async (metadata) => assert.deepEqual(await states(metadata.read), { running: 4 }));
  const second = begin(path, '-', 1);
  await second.begun(4);
  await look((metadata) => allDone(metadata, 4));
  await end(second);
  await look(async (metadata) => assert.deepEqual(await marks(metadata.read), ids.map((id) => `${id}:2`).sort()));
});

for (const queue of ['the table', 'BullMQ'] as const)
  test(`three workers on ${queue}, and one of them is killed again and again`, async (t) => {
    if (lacks(t, 'postgres', ...(queue === 'BullMQ' ? (['valkey'] as const) : []))) return;
    const redis = queue === 'BullMQ' ? await startRedis() : undefined;
    t.after(() => redis?.stop());
    const dsn = await databases.migrated();
    const metadata = await databases.open(dsn, contractTransactions);
    t.after(() => metadata.close());
    const ids = await putDown(metadata, 160);
    const workers = [0, 1, 2].map(() => begin(dsn, redis?.url ?? '-', 25));
    for (let kills = 0; kills < 5; kills++) {
      const victim = workers[kills % 3] ?? assert.fail();
      await victim.begun(3);
      await end(victim);
      workers[kills % 3] = begin(dsn, redis?.url ?? '-', 25);
    }
    await allDone(metadata, 160);
    await doneOnce(metadata, ids);
    const again = (await marks(metadata.read)).filter((mark) => !mark.endsWith(':1'));
    t.diagnostic(`${again.length} of 160 jobs were done by another than had begun them`);
    assert.ok(again.length > 0, 'no kill hit a job');
    for (const one of workers) await end(one);
  });

test('one that is frozen beyond its lease wakes up without its jobs, and what it would write is refused', async (t) => {
  if (lacks(t, 'postgres')) return;
  const dsn = await databases.migrated();
  const metadata = await databases.open(dsn, contractTransactions);
  t.after(() => metadata.close());
  const ids = await putDown(metadata, 3);
  const slow = begin(dsn, '-', 1_500);
  await slow.begun(3);
  slow.child.kill('SIGSTOP');
  const other = begin(dsn, '-', 1);
  await allDone(metadata, 3);
  slow.child.kill('SIGCONT');
  const late = await putDown(metadata, 1);
  // It is at work again: its first jobs have ended for it, in whatever way, before it has hands for others.
  await end(other);
  const last = await putDown(metadata, 4);
  await slow.begun(4);
  await allDone(metadata, 8);
  await doneOnce(metadata, [...ids, ...late, ...last]);
  assert.deepEqual(
    (await marks(metadata.read)).filter((mark) => ids.some((id) => mark === `${id}:2`)).length,
    3,
    'the other had not done them',
  );
  await end(slow);
});
