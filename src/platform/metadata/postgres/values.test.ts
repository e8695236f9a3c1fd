import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isProblem } from '#kit/errors.ts';
import { parseTimestamp } from '#kit/time.ts';
import { rows } from '#platform/metadata/contract/rows.ts';
import { anyTables, contractTransactions, insertRows } from '#platform/metadata/contract/transactions.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { databaseOf, testDatabases, testOnPostgres } from './testing/databases.ts';

// A zone with half hours and another way to write dates, as an operator may have set them for the whole server.
const databases = testDatabases({ timezone: 'Asia/Kolkata', datestyle: 'german' });
const sqlite = openSqliteInline({ path: ':memory:', transactions: contractTransactions });
let opened: Promise<{ postgres: Metadata; database: string }> | undefined;

function open() {
  opened ??= (async () => {
    const server = await databases.server();
    const dsn = await databases.migrated();
    await server.sql('postgres', "ALTER ROLE test SET timezone = 'America/St_Johns'");
    return { postgres: await databases.open(dsn, contractTransactions), database: databaseOf(dsn) };
  })();
  return opened;
}

const both = async () => [sqlite, (await open()).postgres];

after(async () => {
  await Promise.all([sqlite.close(), (await opened)?.postgres.close()]);
});

testOnPostgres('a time comes out as it went in, to the byte', async () => {
  const times = [
    '0001-01-01T00:00:00.000Z',
    '0001-01-01T00:00:00.000001Z',
    '0099-02-28T23:59:59.999Z',
    '1582-10-10T12:00:00.000Z',
    '1899-12-31T23:59:59.500Z',
    '1970-01-01T00:00:00.000Z',
    '2000-02-29T23:59:59.999999Z',
    '2026-03-29T01:30:00.120Z',
    '2026-10-25T00:59:59.1234Z',
    '2026-10-25T01:00:00.12345Z',
    '9999-12-31T23:59:59.999999Z',
  ];
  for (const time of times) assert.equal(parseTimestamp(time), time, 'the test itself uses what clients get');
  const inserted = times.map((at, n) => rows.audit({ id: `aud_time_${String(n).padStart(2, '0')}`, at }));
  for (const metadata of await both()) {
    await metadata.write(insertRows, inserted);
    const found = await anyTables(metadata.read)
      .selectFrom('audit_log')
      .select('at')
      .where('id', 'like', 'aud_time_%')
      .orderBy('id')
      .execute();
    assert.deepEqual(
      found.map(({ at }) => at),
      times,
      metadata.dialect,
    );
    const later = await anyTables(metadata.read)
      .selectFrom('audit_log')
      .select('id')
      .where('at', '>', '2026-03-29T01:30:00.120Z')
      .where('id', 'like', 'aud_time_%')
      .execute();
    assert.equal(later.length, 3, metadata.dialect);
  }
});

test('a year that not every database has is refused where times are read', () => {
  for (const text of ['0000-01-01T00:00:00Z', '0000-12-31T23:59:59.999Z', '0001-01-01T00:30:00+01:00'])
    assert.equal(parseTimestamp(text), undefined, text);
  assert.equal(parseTimestamp('0001-01-01T00:30:00+00:30'), '0001-01-01T00:00:00.000Z');
});

testOnPostgres('rows hold the same JavaScript values whichever database they come from', async () => {
  const odd = [
    rows.account({ id: 'acct_a', username: 'a', bytes_used: Number.MAX_SAFE_INTEGER, bytes_limit: 0 }),
    rows.account({ id: 'acct_b', username: 'b', bytes_limit: null }),
    rows.incident({ id: 'inc_a', owner_account_id: null, notes: 'é😀\n\t\u0001"\\\'', client_label: '' }),
    rows.stream({ id: 'str_a', incident_id: 'inc_a', expected_chunk_count: 2 ** 31 - 1 }),
    rows.chunk({ id: 'chk_a', incident_id: 'inc_a', stream_id: 'str_a', chunk_index: 2 ** 31 - 1, byte_size: 2 ** 40 }),
    rows.checkin({
      id: 'chi_a',
      incident_id: 'inc_a',
      latitude: -33.85678412345679,
      longitude: 1e-300,
      accuracy_meters: 12,
      device_battery_percent: -1,
    }),
    rows.decision({ id: 'del_a', incident_id: 'inc_a', allow_open: 1 }),
  ];
  const ofThese = odd.map(({ values }) => values.id);
  const tables = ['accounts', 'incidents', 'media_streams', 'chunks', 'checkins', 'incident_deletion_decisions'];
  const found = await Promise.all(
    (await both()).map(async (metadata) => {
      await metadata.write(insertRows, odd);
      const lists = await Promise.all(
        tables.map((table) =>
          anyTables(metadata.read).selectFrom(table).selectAll().where('id', 'in', ofThese).orderBy('id').execute(),
        ),
      );
      const [sums] = await anyTables(metadata.read)
        .selectFrom('chunks')
        .select((eb) => [eb.fn.sum('byte_size').as('sum'), eb.fn.countAll().as('count'), eb.fn.max('id').as('max')])
        .execute();
      return [...lists.map((list) => list.map((row) => ({ ...row }))), { ...sums }];
    }),
  );
  assert.deepEqual(found[1], found[0]);
});

testOnPostgres('ids sort byte by byte, whatever the locale', async () => {
  const ids = ['aud_sort_A', 'aud_sort_Z', 'aud_sort__', 'aud_sort_a', 'aud_sort_b-', 'aud_sort_b0', 'aud_sort_ba'];
  for (const metadata of await both()) {
    await metadata.write(
      insertRows,
      ids.toReversed().map((id) => rows.audit({ id })),
    );
    const found = await anyTables(metadata.read)
      .selectFrom('audit_log')
      .select('id')
      .where('id', 'like', 'aud_sort%')
      .orderBy('id')
      .execute();
    assert.deepEqual(
      found.map(({ id }) => id),
      ids.toSorted((a, b) => (a < b ? -1 : 1)),
    );
  }
});

testOnPostgres(
  'text that PostgreSQL cannot hold is refused as the request that it is, and nothing breaks',
  async () => {
    const { postgres } = await open();
    const insert = postgres.write(insertRows, [rows.audit({ id: 'aud_nul', action: 'a\0b' })]);
    await assert.rejects(insert, (error) => isProblem(error, 'invalid_request'));
    assert.equal(await postgres.health(), 'ok');
  },
);

testOnPostgres('a number beyond what JavaScript can count is an error and never another number', async () => {
  const { postgres, database } = await open();
  const server = await databases.server();
  await server.sql(
    database,
    "INSERT INTO accounts (id, username, password_hash, role, created_at, updated_at, password_changed_at, bytes_used) VALUES ('acct_big', 'big', 'x', 'user', now(), now(), now(), 9007199254740993)",
  );
  await assert.rejects(
    anyTables(postgres.read).selectFrom('accounts').selectAll().where('id', '=', 'acct_big').execute(),
  );
  for (const metadata of await both()) {
    const found = anyTables(metadata.read).selectFrom('accounts').select('id').where('username', '=', 'a\0').execute();
    assert.deepEqual(await found, [], metadata.dialect);
  }
  assert.equal(await postgres.health(), 'ok');
});
