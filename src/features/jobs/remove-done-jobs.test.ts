import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '#kit/ids.ts';
import { timestamp } from '#kit/time.ts';
import { insertRows } from '#platform/metadata/contract/transactions.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { contractTransactions, states } from './contract/effects.ts';
import { removeDoneJobs } from './remove-done-jobs.ts';

const hour = 3_600_000;

test('records of what was done long ago go, however many they are; what is parked or not done stays', async () => {
  const metadata = openSqliteInline({ path: ':memory:', transactions: [...contractTransactions, insertRows] });
  const job = (state: string, createdHours: number, endedHours: number) => {
    const [created, ended] = [Date.now() - createdHours * hour, Date.now() - endedHours * hour];
    return {
      table: 'jobs',
      values: {
        ...{ id: newId('job', created), kind: 'text', state, attempts: 1, run_after: timestamp(created) },
        ...{ created_at: timestamp(created), updated_at: timestamp(ended) },
      },
    };
  };
  const old = Array.from({ length: 1_200 }, () => job('done', 30, 29));
  const others = [job('done', 30, 1), job('done', 1, 1), job('parked', 99, 98), job('waiting', 99, 98)];
  await metadata.write(insertRows, [...old, ...others]);
  const remove = (hours: number) =>
    removeDoneJobs({ metadata }, { doneRetentionMs: hours * hour }, new AbortController().signal);
  assert.equal(await remove(24), 1_200);
  assert.deepEqual(await states(metadata.read), { done: 2, parked: 1, waiting: 1 });
  assert.equal(await remove(24), 0);
  await metadata.close();
});
