/** However many nodes look at once: what is due is started by one of them, on both databases. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestamp } from '#kit/time.ts';
import { oneOfEach, rows } from '#platform/metadata/contract/rows.ts';
import { insertRows, updateRow } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { scratchFile } from '#platform/metadata/sqlite/testing/scratch.ts';
import { cloudTransactions } from '../transactions.ts';
import { startDueMirrors } from './start-due-mirrors.ts';

const known = [...cloudTransactions, insertRows, updateRow];
const databases = testDatabases();
const running = new AbortController().signal;

async function startsOnce(metadata: Metadata): Promise<void> {
  const ago = (seconds: number) => timestamp(Date.now() - seconds * 1_000);
  const every = (id: string, due: string) =>
    rows.connection({ id, name: id, mirror_every_seconds: 300, mirror_due_at: due });
  const connections = [
    every('con_2', ago(3_600)),
    every('con_3', ago(1)),
    every('con_4', ago(-60)),
    rows.connection({ id: 'con_5', name: 'never' }),
  ];
  await metadata.write(insertRows, [...oneOfEach(), ...connections]);
  const nodes = await Promise.all(Array.from({ length: 8 }, () => startDueMirrors({ metadata }, running)));
  assert.equal(
    nodes.reduce((sum, started) => sum + started, 0),
    2,
  );
  const jobs = await metadata.read
    .selectFrom('jobs')
    .select(['cloud_connection_id', 'owner_account_id', 'state'])
    .where('kind', '=', 'mirror')
    .orderBy('cloud_connection_id')
    .execute();
  assert.deepEqual(
    jobs.map((job) => ({ ...job })),
    ['con_2', 'con_3'].map((id) => ({ cloud_connection_id: id, owner_account_id: 'acct_1', state: 'waiting' })),
  );
  // Long overdue is not twice due.
  const dues = await metadata.read
    .selectFrom('cloud_connections')
    .select('mirror_due_at')
    .where('id', 'in', ['con_2', 'con_3'])
    .execute();
  for (const { mirror_due_at } of dues) assert.ok(Date.parse(mirror_due_at ?? '') > Date.now() + 200_000);

  // Due again while the one before still waits: the time moves on, and there is no second job.
  await metadata.write(updateRow, { table: 'cloud_connections', id: 'con_2', values: { mirror_due_at: ago(10) } });
  assert.equal(await startDueMirrors({ metadata }, running), 0);
  const again = await metadata.read
    .selectFrom('cloud_connections')
    .select('mirror_due_at')
    .where('id', '=', 'con_2')
    .executeTakeFirstOrThrow();
  assert.ok(Date.parse(again.mirror_due_at ?? '') > Date.now() + 200_000);
}

test('SQLite: a mirror that is due is started once', async () => {
  const metadata = openSqliteInline({ path: scratchFile(), transactions: known });
  await startsOnce(metadata);
  await metadata.close();
});

testOnPostgres('PostgreSQL: a mirror that is due is started once', async () => {
  const metadata = await databases.open(await databases.migrated(), known);
  await startsOnce(metadata);
  await metadata.close();
});
