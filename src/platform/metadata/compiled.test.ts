import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiled } from './compiled.ts';
import { rows } from './contract/rows.ts';
import { anyTables, contractTransactions, insertRows } from './contract/transactions.ts';
import { openSqliteInline } from './sqlite/inline.ts';

test('a compiled query is built once and takes new values each time', async () => {
  const metadata = openSqliteInline({ path: ':memory:', transactions: contractTransactions });
  await metadata.write(insertRows, [rows.account(), rows.account({ id: 'acct_2', username: 'bo', role: 'admin' })]);
  let built = 0;
  const find = compiled((db, by: { role: string; limit: number }) => {
    built += 1;
    return anyTables(db).selectFrom('accounts').select(['id', 'role']).where('role', '=', by.role).limit(by.limit);
  });
  assert.deepEqual(
    { ...(await find.first(metadata.read, { role: 'user', limit: 5 })) },
    { id: 'acct_1', role: 'user' },
  );
  assert.deepEqual(
    { ...(await find.first(metadata.read, { role: 'admin', limit: 5 })) },
    { id: 'acct_2', role: 'admin' },
  );
  assert.deepEqual(await find.rows(metadata.read, { role: 'user', limit: 0 }), []);
  assert.equal(await find.first(metadata.read, { role: 'nobody', limit: 1 }), undefined);
  assert.equal(built, 1);
  await metadata.close();
});

test('a value missing from the input is refused, not stored as NULL', async () => {
  const metadata = openSqliteInline({ path: ':memory:', transactions: [] });
  const find = compiled((db, by: { id?: string }) =>
    anyTables(db).selectFrom('accounts').select('id').where('id', '=', by.id),
  );
  await assert.rejects(find.rows(metadata.read, {}), TypeError);
  await metadata.close();
});

test('spreading the input is refused', async () => {
  const metadata = openSqliteInline({ path: ':memory:', transactions: [] });
  const insert = compiled((db, row: { id: string }) =>
    anyTables(db)
      .insertInto('accounts')
      .values({ ...row }),
  );
  await assert.rejects(insert.changes(metadata.read, { id: 'x' }), /one by one/);
  await metadata.close();
});
