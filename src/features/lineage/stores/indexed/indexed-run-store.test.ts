import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { databaseOf, testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqlite } from '#platform/metadata/sqlite/open.ts';
import { MemoryObjectStore } from '#platform/objects/memory/memory-object-store.ts';
import { scratchFolder } from '../../../../../test/support/server.ts';
import { listRuns } from '../../queries/list-runs.ts';
import { ServiceObjects } from '../objects/keys.ts';
import { compactDay } from '../objects/manifests.ts';
import { ObjectRunStore } from '../objects/object-run-store.ts';
import { run } from '../run-store.contract.ts';
import { DatabaseRunIndex } from './database-run-index.ts';
import { IndexedRunStore } from './indexed-run-store.ts';
import { lineageTransactions } from './lineage-index.transactions.ts';

const key = { organization: 'acme', project: 'shop', service: 'api' };
const objectsOf = new ServiceObjects('strict', key);
const databases = testDatabases();
const folder = scratchFolder('lineage-index');
after(() => folder.remove());
let files = 0;

const writerModule = new URL('../../../../compose/backends/sqlite-writer.thread.ts', import.meta.url);

async function openFile(): Promise<{ metadata: Metadata; forget: (day?: string) => void }> {
  files += 1;
  const path = `${folder.path}/${files}.db`;
  const metadata = await openSqlite({ path, writerModule });
  return {
    metadata,
    forget(day) {
      const beside = new DatabaseSync(path);
      beside.prepare("DELETE FROM lineage_days WHERE day LIKE coalesce(?, '%')").run(day ?? null);
      beside.close();
    },
  };
}

describe('an index of runs', () => {
  test('in SQLite: no answer depends on it', async () => {
    const { forget, metadata } = await openFile();
    await sameAnswers(metadata, forget);
  });

  testOnPostgres('in PostgreSQL: no answer depends on it', async () => {
    const dsn = await databases.migrated();
    const server = await databases.server();
    await sameAnswers(await databases.open(dsn, lineageTransactions), async (day) => {
      await server.sql(databaseOf(dsn), `DELETE FROM lineage_days WHERE day LIKE '${day ?? '%'}'`);
    });
  });

  test('one that fails costs time alone, and is complained about', async () => {
    const { metadata } = await openFile();
    const store = await filled(3);
    await metadata.close();
    const complaints: string[] = [];
    const log = { warn: (_: object, message: string) => void complaints.push(message) };
    const indexed = new IndexedRunStore(store, new DatabaseRunIndex(metadata), log);
    assert.deepEqual(
      await listRuns(indexed, key, { limit: 100, commit: 'c1' }),
      await listRuns(store, key, { limit: 100, commit: 'c1' }),
    );
    assert.ok(complaints.length > 0);
  });

  test('a day that it knows is not read again', async (t) => {
    const { metadata } = await openFile();
    t.after(() => metadata.close());
    const store = await filled(4);
    const read = t.mock.method(store, 'day');
    const indexed = new IndexedRunStore(store, new DatabaseRunIndex(metadata), silent);
    const first = await listRuns(indexed, key, { limit: 100 });
    assert.equal(read.mock.callCount(), 4);
    assert.deepEqual(await listRuns(indexed, key, { limit: 100 }), first);
    assert.equal(read.mock.callCount(), 4);
    assert.equal((await listRuns(indexed, key, { limit: 100, commit: 'c2' })).runs.length, 4);
  });
});

const silent = { warn: () => undefined };

/** Days that are over and gathered, five runs each. */
async function filled(days: number): Promise<ObjectRunStore> {
  const objects = new MemoryObjectStore();
  const store = new ObjectRunStore(objects, 'strict');
  for (let day = 1; day <= days; day++) {
    for (let i = 0; i < 5; i++)
      await store.put(run(`r${day}-${i}`, { commit_sha: `c${i}` }), `2026-01-0${day}T12:00:0${i}.000Z`);
    await compactDay(objects, objectsOf, `2026-01-0${day}`);
  }
  return store;
}

/** Random puts, gatherings and losses; after each the same questions to a store with the index and to one without. */
async function sameAnswers(metadata: Metadata, forget: (day?: string) => unknown): Promise<void> {
  try {
    const day = fc.integer({ min: 1, max: 4 });
    const step = fc.oneof(
      fc.record({ put: fc.nat(30), day, commit: fc.nat(3) }),
      fc.record({ gather: day }),
      fc.record({ lose: fc.constantFrom('everything', 'a day') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const objects = new MemoryObjectStore();
        const store = new ObjectRunStore(objects, 'strict');
        const indexed = new IndexedRunStore(store, new DatabaseRunIndex(metadata), silent);
        await forget();
        for (const each of steps) {
          if ('put' in each)
            await store.put(
              run(`r${each.put}`, { commit_sha: `c_${each.commit}` }),
              `2026-01-0${each.day}T12:00:${String(each.put).padStart(2, '0')}.000Z`,
            );
          else if ('gather' in each) await compactDay(objects, objectsOf, `2026-01-0${each.gather}`);
          else await forget(each.lose === 'a day' ? '2026-01-02' : undefined);
          for (const question of [
            {},
            { commit: 'c_1' },
            { commit: 'cX1' },
            { from: '2026-01-02', to: '2026-01-03' },
            { impact: ['none'] as const },
          ])
            assert.deepEqual(
              await listRuns(indexed, key, { ...question, limit: 7 }),
              await listRuns(store, key, { ...question, limit: 7 }),
            );
        }
      }),
      { numRuns: 40 },
    );
  } finally {
    await metadata.close();
  }
}
