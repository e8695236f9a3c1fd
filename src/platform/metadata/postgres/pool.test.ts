import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isProblem } from '#kit/errors.ts';
import { anOpenStream, rows } from '#platform/metadata/contract/rows.ts';
import * as contract from '#platform/metadata/contract/transactions.ts';
import { startProxy } from '../../../../test/support/services/tcp-proxy.ts';
import { databaseOf, elsewhere, testDatabases, testOnPostgres } from './testing/databases.ts';

const databases = testDatabases();
const { contractTransactions, anyTables } = contract;

/** What the server itself counts, the one who asks left out. */
async function sessions(dsn: string): Promise<number> {
  const server = await databases.server();
  const [row] = await server.sql(
    'postgres',
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = '${databaseOf(dsn)}'`,
  );
  return Number(row?.count);
}

testOnPostgres('never more connections than allowed, idle ones go, old ones are replaced', async () => {
  const dsn = await databases.migrated();
  const metadata = await databases.open(dsn, contractTransactions, { maxOpen: 5, maxIdle: 2, maxLifetimeMs: 150 });
  await metadata.write(contract.insertRows, anOpenStream());
  let most = 0;
  let done = false;
  const watching = (async () => {
    while (!done) most = Math.max(most, await sessions(dsn));
  })();
  for (let round = 0; round < 4; round++) {
    await Promise.all([
      ...Array.from({ length: 40 }, () => metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 1 })),
      ...Array.from({ length: 40 }, () => anyTables(metadata.read).selectFrom('accounts').selectAll().execute()),
    ]);
    await pause(100);
  }
  done = true;
  await watching;
  assert.ok(most >= 3 && most <= 5, `${most} sessions`);
  assert.ok((await sessions(dsn)) <= 2, 'idle ones were closed');
  const account = await anyTables(metadata.read).selectFrom('accounts').select('bytes_used').executeTakeFirstOrThrow();
  assert.equal(account.bytes_used, 160);
  await metadata.close();
  await pause(50);
  assert.equal(await sessions(dsn), 0);
});

testOnPostgres('readers and health are answered while every writer waits for one row', async () => {
  const dsn = await databases.migrated();
  const server = await databases.server();
  const metadata = await databases.open(dsn, contractTransactions, { maxOpen: 8 });
  await metadata.write(contract.insertRows, [rows.account()]);
  const blocking = server.sql(databaseOf(dsn), 'BEGIN; UPDATE accounts SET role = role; SELECT pg_sleep(1.5); COMMIT');
  await pause(200);
  const writes = Array.from({ length: 50 }, () => metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 1 }));
  await pause(100);
  const before = performance.now();
  assert.equal(await metadata.health(), 'ok');
  await anyTables(metadata.read).selectFrom('accounts').selectAll().execute();
  assert.ok(performance.now() - before < 500, `${performance.now() - before} ms`);
  await Promise.all([blocking, ...writes]);
  await metadata.close();
});

testOnPostgres('a lock that is held for ever is waited for seconds, not minutes', async () => {
  const dsn = await databases.migrated();
  const server = await databases.server();
  const metadata = await databases.open(dsn, contractTransactions);
  await metadata.write(contract.insertRows, [rows.account()]);
  const blocking = server
    .sql(databaseOf(dsn), 'BEGIN; UPDATE accounts SET role = role; SELECT pg_sleep(60)')
    .catch(() => undefined);
  await pause(200);
  const before = performance.now();
  await assert.rejects(metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 1 }), (error) =>
    isProblem(error, 'metadata_unavailable'),
  );
  assert.ok(performance.now() - before < 12_000);
  await server
    .sql('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'`)
    .catch(() => undefined);
  await blocking;
  await metadata.close();
});

testOnPostgres('a server that falls silent is answered for within the time of a request', async () => {
  const dsn = await databases.migrated();
  const server = await databases.server();
  const proxy = await startProxy(server.port);
  const metadata = await databases.open(elsewhere(dsn, { port: proxy.port }), contractTransactions, { maxOpen: 4 });
  await metadata.write(contract.insertRows, [rows.account()]);
  proxy.silence(true);
  const before = performance.now();
  assert.equal(await metadata.health(), 'unavailable');
  assert.ok(performance.now() - before < 3000, 'health is quick to say so');
  await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      assert.rejects(
        n % 2 === 0
          ? metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 1 })
          : anyTables(metadata.read).selectFrom('accounts').selectAll().execute(),
        (error) => isProblem(error, 'metadata_unavailable'),
      ),
    ),
  );
  assert.ok(performance.now() - before < 30_000, `${performance.now() - before} ms`);
  proxy.silence(false);
  proxy.cutAll();
  await metadata.write(contract.addBytes, { accountId: 'acct_1', bytes: 1 });
  assert.equal(await metadata.health(), 'ok');
  await metadata.close();
  await proxy.close();
});
