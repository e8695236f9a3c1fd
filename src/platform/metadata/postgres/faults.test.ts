import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem } from '#kit/errors.ts';
import { anOpenStream, rows } from '#platform/metadata/contract/rows.ts';
import * as contract from '#platform/metadata/contract/transactions.ts';
import { lastly, type Metadata, transaction } from '#platform/metadata/metadata.ts';
import { startProxy } from '../../../../test/support/services/tcp-proxy.ts';
import { databaseOf, elsewhere, testDatabases, testOnPostgres } from './testing/databases.ts';

const databases = testDatabases();
const { anyTables } = contract;

/** Writes its row together with the commit. */
const insertLastly = transaction('test.insert-lastly', async (trx, { table, values }: contract.Row) => {
  await anyTables(trx).selectFrom('accounts').select('id').execute();
  await lastly(trx, [anyTables(trx).insertInto(table).values(values).execute()]);
  return 'written';
});
const throwAfterwards = transaction('test.throw-afterwards', async (trx, { table, values }: contract.Row) => {
  await lastly(trx, [anyTables(trx).insertInto(table).values(values).execute()]);
  throw new Error('too late');
});
const queryAfterwards = transaction('test.query-afterwards', async (trx, { table, values }: contract.Row) => {
  await lastly(trx, [anyTables(trx).insertInto(table).values(values).execute()]);
  await anyTables(trx).deleteFrom(table).execute();
});
const swallow = transaction('test.swallow', async (trx, { table, values }: contract.Row) => {
  await anyTables(trx)
    .insertInto(table)
    .values(values)
    .execute()
    .catch(() => undefined);
  return 'as if nothing had happened';
});
const lockBoth = transaction('test.lock-both', async (trx, [first, second]: [string, string]) => {
  const lock = (id: string) =>
    anyTables(trx)
      .updateTable('accounts')
      .set((eb) => ({ bytes_used: eb('bytes_used', '+', 1) }))
      .where('id', '=', id)
      .execute();
  await lock(first);
  await lock(second);
});
const transactions = [
  ...contract.contractTransactions,
  insertLastly,
  throwAfterwards,
  queryAfterwards,
  swallow,
  lockBoth,
];

const account = (n: number) => rows.account({ id: `acct_${n}`, username: `user${n}` });

async function countOf(metadata: Metadata, table: string): Promise<number> {
  return (await anyTables(metadata.read).selectFrom(table).select('id').execute()).length;
}

const unavailable = (error: unknown) => isProblem(error, 'metadata_unavailable');

testOnPostgres(
  'a failed last write makes the commit a rollback, and the body runs once more to find out why',
  async () => {
    const metadata = await databases.open(await databases.migrated(), transactions);
    assert.equal(await metadata.write(insertLastly, account(1)), 'written');
    await assert.rejects(metadata.write(insertLastly, account(1)), (error) => isProblem(error, 'internal_error'));
    await assert.rejects(metadata.write(swallow, account(1)), (error) => isProblem(error, 'internal_error'));
    assert.equal(await metadata.write(insertLastly, account(2)), 'written');
    assert.equal(await countOf(metadata, 'accounts'), 2);
    await metadata.close();
  },
);

testOnPostgres('what a body does after its last writes is a defect that undoes nothing', async () => {
  const metadata = await databases.open(await databases.migrated(), transactions);
  await assert.rejects(metadata.write(throwAfterwards, account(1)), (error) => isProblem(error, 'internal_error'));
  await assert.rejects(metadata.write(queryAfterwards, account(2)), (error) => isProblem(error, 'internal_error'));
  assert.equal(await countOf(metadata, 'accounts'), 2);
  await metadata.close();
});

testOnPostgres('transactions that lock one another out are run again until both are in', async () => {
  const metadata = await databases.open(await databases.migrated(), transactions);
  await metadata.write(contract.insertRows, [account(1), account(2)]);
  await Promise.all(
    Array.from({ length: 4 }, (_, n) =>
      metadata.write(lockBoth, n % 2 === 0 ? ['acct_1', 'acct_2'] : ['acct_2', 'acct_1']),
    ),
  );
  const found = await anyTables(metadata.read).selectFrom('accounts').select('bytes_used').execute();
  assert.deepEqual(
    found.map(({ bytes_used }) => bytes_used),
    [4, 4],
  );
  await metadata.close();
});

testOnPostgres('backends that are killed cost no answer that was not given, and are replaced', async () => {
  const server = await databases.server();
  const dsn = await databases.migrated();
  const metadata = await databases.open(dsn, transactions, { maxOpen: 8 });
  await metadata.write(contract.insertRows, anOpenStream());
  let running = true;
  const killing = (async () => {
    while (running) {
      await server.sql(
        'postgres',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${databaseOf(dsn)}' ORDER BY random() LIMIT 3`,
      );
      await pause(20);
    }
  })();
  const acknowledged = new Set<string>();
  let refused = 0;
  await Promise.all(
    Array.from({ length: 600 }, async (_, n) => {
      const id = `acct_k${n}`;
      try {
        await metadata.write(insertLastly, rows.account({ id, username: id }));
        acknowledged.add(id);
      } catch (error) {
        assert.ok(unavailable(error), String(error));
        refused += 1;
      }
    }),
  );
  running = false;
  await killing;
  const found = await anyTables(metadata.read).selectFrom('accounts').select('id').execute();
  const present = new Set(found.map(({ id }) => id));
  assert.deepEqual(
    [...acknowledged].filter((id) => !present.has(id)),
    [],
  );
  assert.ok(acknowledged.size > 300, `${acknowledged.size} acknowledged, ${refused} in doubt or refused`);
  assert.equal(await metadata.health(), 'ok');
  await metadata.close();
});

testOnPostgres(
  'a crash of the server loses nothing that was acknowledged, and work goes on when it is back',
  async () => {
    const server = await databases.server();
    const metadata = await databases.open(await databases.migrated(), transactions);
    const acknowledged: string[] = [];
    let n = 0;
    let running = true;
    const writing = Array.from({ length: 8 }, async () => {
      while (running) {
        const id = `acct_r${n++}`;
        await metadata.write(insertLastly, rows.account({ id, username: id })).then(
          () => acknowledged.push(id),
          async (error: unknown) => {
            assert.ok(unavailable(error), String(error));
            await pause(10);
          },
        );
      }
    });
    await pause(300);
    await server.halt('immediate');
    assert.equal(await metadata.health(), 'unavailable');
    await assert.rejects(countOf(metadata, 'accounts'), unavailable);
    await server.begin();
    const before = acknowledged.length;
    await pause(500);
    running = false;
    await Promise.all(writing);
    assert.ok(before > 20 && acknowledged.length > before, `${before}, then ${acknowledged.length}`);
    const found = await anyTables(metadata.read).selectFrom('accounts').select('id').execute();
    const present = new Set(found.map(({ id }) => id));
    assert.deepEqual(
      acknowledged.filter((id) => !present.has(id)),
      [],
    );
    assert.equal(await metadata.health(), 'ok');
    await metadata.close();
  },
);

testOnPostgres(
  'a connection that is lost at the commit leaves the outcome open: said to be unavailable, never run again',
  async () => {
    const server = await databases.server();
    const dsn = await databases.migrated();
    const proxy = await startProxy(server.port);
    const metadata = await databases.open(elsewhere(dsn, { port: proxy.port }), transactions, { maxOpen: 4 });
    for (const [verdict, stays] of [
      ['cut', false],
      ['cut after', true],
    ] as const) {
      for (const [way, write] of [
        ['behind', (row: contract.Row): Promise<unknown> => metadata.write(insertLastly, row)],
        ['apart', (row: contract.Row): Promise<unknown> => metadata.write(contract.insertUncaught, row)],
      ] as const) {
        const id = `acct_${way}_${stays}`;
        let cuts = 0;
        proxy.watch((sent) => {
          if (!sent.includes('COMMIT')) return undefined;
          cuts += 1;
          return verdict;
        });
        await assert.rejects(write(rows.account({ id, username: id })), unavailable);
        proxy.watch(undefined);
        assert.equal(cuts, 1, 'not tried a second time');
        await pause(50);
        const found = await anyTables(metadata.read).selectFrom('accounts').select('id').where('id', '=', id).execute();
        assert.equal(found.length, stays ? 1 : 0, id);
      }
    }
    await metadata.close();
    await proxy.close();
  },
);

testOnPostgres('a connection that is lost before the commit was sent is run again on another', async () => {
  const server = await databases.server();
  const proxy = await startProxy(server.port);
  const metadata = await databases.open(elsewhere(await databases.migrated(), { port: proxy.port }), transactions);
  let cuts = 0;
  proxy.watch((sent) => {
    if (cuts > 0 || !sent.includes('BEGIN')) return undefined;
    cuts += 1;
    return 'cut';
  });
  assert.equal(await metadata.write(insertLastly, account(1)), 'written');
  assert.equal(cuts, 1);
  assert.equal(await countOf(metadata, 'accounts'), 1);
  await metadata.close();
  await proxy.close();
});

testOnPostgres(
  'a read over connections that all died unseen is answered in time, not once for each of them',
  async () => {
    const server = await databases.server();
    const proxy = await startProxy(server.port);
    const metadata = await databases.open(elsewhere(await databases.migrated(), { port: proxy.port }), transactions);
    await Promise.all(Array.from({ length: 6 }, () => countOf(metadata, 'accounts')));
    assert.ok(proxy.size >= 4, `${proxy.size} connections`);
    proxy.silence(true);
    const since = performance.now();
    await assert.rejects(countOf(metadata, 'accounts'), unavailable);
    const ms = performance.now() - since;
    assert.ok(ms < 15_000, `${Math.round(ms)} ms`);
    await metadata.close();
    await proxy.close();
  },
);

testOnPostgres('a table that another version has changed costs a new connection, not an error', async () => {
  const server = await databases.server();
  const dsn = await databases.migrated();
  const metadata = await databases.open(dsn, transactions, { maxOpen: 2 });
  const { compiled } = await import('#platform/metadata/compiled.ts');
  const all = compiled((db, by: { id: string }) =>
    anyTables(db).selectFrom('accounts').selectAll().where('id', '=', by.id),
  );
  const readInside = transaction('test.swallow', async (trx, id: string) => (await all.rows(trx, { id })).length);
  await metadata.write(contract.insertRows, [account(1)]);
  for (let n = 0; n < 4; n++) assert.equal((await all.rows(metadata.read, { id: 'acct_1' })).length, 1);
  assert.equal(await metadata.write(readInside, 'acct_1'), 1);
  await server.sql(databaseOf(dsn), 'ALTER TABLE accounts ADD COLUMN later TEXT');
  assert.equal(await metadata.write(readInside, 'acct_1'), 1);
  await server.sql(databaseOf(dsn), 'ALTER TABLE accounts ADD COLUMN still_later TEXT');
  assert.equal((await all.rows(metadata.read, { id: 'acct_1' })).length, 1);
  await metadata.close();
});

testOnPostgres('nothing that fails says where the database is, who we are there, or what stood in a row', async () => {
  const server = await databases.server();
  await server.sql('postgres', "CREATE ROLE canary_role LOGIN PASSWORD 'canary-password' SUPERUSER");
  await server.sql('postgres', 'CREATE DATABASE canary_database TEMPLATE migrated');
  const proxy = await startProxy(server.port);
  const dsn = elsewhere(server.url('canary_database'), {
    port: proxy.port,
    user: 'canary_role',
    password: 'canary-password',
  }).replace('127.0.0.1', 'localhost');
  const told: unknown[] = [];
  const log = { error: (detail: object, message: string) => void told.push(detail, message) };
  const metadata = await databases.open(dsn, transactions, { log });
  const keep = (error: unknown) => void told.push(error);
  const canary = rows.account({ id: 'canary-row', username: 'canary-value', role: 'canary-enum' });
  await metadata.write(contract.insertUncaught, canary).catch(keep);
  await metadata.write(contract.insertUncaught, rows.account({ created_at: 'canary-time' })).catch(keep);
  await metadata.write(contract.insertUncaught, rows.account({ username: 'canary-value' })).catch(keep);
  await metadata.write(contract.insertUncaught, rows.account({ username: 'canary-value' })).catch(keep);
  await anyTables(metadata.read).selectFrom('canary_table').selectAll().execute().catch(keep);
  await anyTables(metadata.read).insertInto('accounts').values(canary.values).execute().catch(keep);
  proxy.watch((sent) => (sent.includes('COMMIT') ? 'cut' : undefined));
  await metadata.write(insertLastly, account(3)).catch(keep);
  await proxy.close();
  await metadata.write(insertLastly, account(4)).catch(keep);
  await anyTables(metadata.read).selectFrom('accounts').selectAll().execute().catch(keep);
  await databases.open(dsn, transactions).catch(keep);
  await databases
    .open(
      dsn.replace(String(proxy.port), String(server.port)).replace('canary_database', 'canary_absent'),
      transactions,
    )
    .catch(keep);
  await databases.open(dsn.replace('postgresql://', 'postgresql://canary:canary@[canary'), transactions).catch(keep);
  await metadata.close();
  assert.ok(told.length >= 16, `${told.length}`);
  const { pino } = await import('pino');
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const { inspect } = await import('node:util');
  for (const one of told) {
    logger.error({ err: one, detail: one }, 'x');
    lines.push(inspect(one, { depth: 10, showHidden: true }));
  }
  // The names of our own schema may be told; the test's own path has none of them.
  assert.doesNotMatch(lines.join('\n'), /canary|localhost|test@/i);
});
