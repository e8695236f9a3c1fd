/** Deleting a large incident takes many short transactions, and goes on from wherever it was cut short. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { transactions } from '#compose/transactions.ts';
import { requestDeletion, runDeletions } from '#features/incidents/index.ts';
import { createMemoryBlobStore } from '#platform/blobs/memory/memory-blob-store.ts';
import { hash, rows } from '#platform/metadata/contract/rows.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { createLog } from '#platform/process/log.ts';
import { scratchFolder } from '../support/server.ts';

const chunkCount = 1_100;
const atOnce = 250;

const folder = scratchFolder('steps');
after(() => folder.remove());
let serial = 0;

/** An incident with streamed and unstreamed chunks, each with its operation, decided to be deleted; beside it another one. */
async function decided(): Promise<{ metadata: Metadata; database: DatabaseSync }> {
  const path = join(folder.path, `${serial++}.db`);
  const metadata = openSqliteInline({ path, transactions });
  const database = new DatabaseSync(path, { timeout: 5_000 });
  const insert = ({ table, values }: { table: string; values: Record<string, unknown> }) => {
    const columns = Object.keys(values);
    const statement = database.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`);
    statement.run(...Object.values(values).map((value) => value as string | number | null)); // what rows.ts is made of
  };
  const loose = chunkCount / 2;
  database.exec('BEGIN');
  insert(rows.account({ bytes_used: (chunkCount + 1) * 10 }));
  insert(rows.incident());
  insert(rows.stream({ chunk_count: chunkCount - loose }));
  for (let n = 1; n <= chunkCount; n++) {
    const id = `chk_${String(n).padStart(5, '0')}`;
    insert(rows.chunk({ id, chunk_index: n, ...(n <= loose ? { stream_id: null } : {}) }));
    const key = n.toString(16).padStart(64, '0');
    insert(rows.operation({ id: `upo_${n}`, chunk_id: id, idempotency_key_hash: key }));
  }
  insert(rows.incident({ id: 'inc_2' }));
  insert(rows.stream({ id: 'str_2', incident_id: 'inc_2', chunk_count: 1 }));
  insert(rows.chunk({ id: 'chk_other', incident_id: 'inc_2', stream_id: 'str_2' }));
  insert(
    rows.operation({ id: 'upo_other', chunk_id: 'chk_other', incident_id: 'inc_2', idempotency_key_hash: hash('e') }),
  );
  database.exec('COMMIT');
  const decision = await requestDeletion(
    { metadata },
    { incidentId: 'inc_1', source: 'admin_request', reasonCode: undefined, allowOpen: true, by: { actor: 'server' } },
  );
  assert.equal(decision.item_count, chunkCount);
  return { metadata, database };
}

const count = (database: DatabaseSync, table: string) =>
  Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);

const run = (metadata: Metadata, signal: AbortSignal = new AbortController().signal) =>
  runDeletions(
    { metadata, blobs: createMemoryBlobStore({ stagingQuotaBytes: 1, maxBodyBytes: 1 }), log: createLog('silent') },
    signal,
  );

/** Stops the worker after so many transactions, and counts the rows that each took. */
function cutAfter(metadata: Metadata, database: DatabaseSync, writes: number) {
  const ending = new AbortController();
  const steps: number[] = [];
  const sizes = () => count(database, 'chunks') + count(database, 'incident_deletion_items');
  const watched: Metadata = {
    ...metadata,
    read: metadata.read,
    write: async (transaction, input) => {
      const before = sizes();
      const output = await metadata.write(transaction, input);
      steps.push(Math.abs(sizes() - before));
      if (steps.length === writes) ending.abort();
      return output;
    },
  };
  return { metadata: watched, signal: ending.signal, steps };
}

function assertGone(database: DatabaseSync): void {
  const left = ['chunks', 'upload_operations', 'media_streams', 'incident_deletion_items'].map((table) =>
    count(database, table),
  );
  assert.deepEqual(left, [1, 1, 1, 0], 'only the other incident has any');
  assert.equal(database.prepare('SELECT bytes_used FROM accounts').get()?.bytes_used, 10);
  const states = database.prepare('SELECT deletion_state FROM incidents ORDER BY id').all();
  assert.deepEqual(
    states.map((row) => row.deletion_state),
    ['deleted', 'active'],
  );
}

test('no transaction takes more rows than a step', async () => {
  const { metadata, database } = await decided();
  const watched = cutAfter(metadata, database, Number.POSITIVE_INFINITY);
  assert.equal(await run(watched.metadata), 1);
  assert.ok(watched.steps.length > (2 * chunkCount) / atOnce);
  assert.equal(Math.max(...watched.steps), atOnce);
  assertGone(database);
  database.close();
  await metadata.close();
});

test('cut short at any transaction, it goes on in the next turn and gives each byte back once', async () => {
  for (const writes of [1, 2, 3, 5, 7, 12, 25, 27, 31]) {
    const { metadata, database } = await decided();
    const watched = cutAfter(metadata, database, writes);
    assert.equal(await run(watched.metadata, watched.signal), 0, `after ${writes}`);
    assert.equal(await run(metadata), 1, `after ${writes}`);
    assertGone(database);
    database.close();
    await metadata.close();
  }
});
