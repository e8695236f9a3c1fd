import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { migratePostgres, pendingPostgresMigrations } from './migrate.ts';
import { databaseOf, testDatabases, testOnPostgres } from './testing/databases.ts';

const databases = testDatabases();
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const steps: Record<string, string> = {
  '0001_first.postgres.sql': 'CREATE TABLE parent (id INTEGER PRIMARY KEY);',
  '0002_second.postgres.sql':
    'CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);',
  '0003_third.postgres.sql': 'CREATE INDEX child_parent ON child (parent);',
};

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-migrations-'));
  folders.push(folder);
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
  return folder;
}

async function place(files: Record<string, string> = steps) {
  const server = await databases.server();
  const dsn = await server.createDatabase();
  const folder = folderOf(files);
  const directory = pathToFileURL(`${folder}/`);
  return {
    dsn,
    folder,
    migrate: () => migratePostgres({ dsn }, { directory }),
    pending: () => pendingPostgresMigrations({ dsn }, directory),
    sql: (text: string) => server.sql(databaseOf(dsn), text),
  };
}

async function refuses(run: () => Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof StartupError, String(error));
    assert.match(error.message, message);
    assert.ok(error.remedy.length > 20);
    assert.doesNotMatch(error.message + error.remedy, /\/tmp|CREATE TABLE|INSERT|127\.0\.0\.1|test_/);
    return true;
  });
}

testOnPostgres('an empty database gets the schema, once, step by step', async () => {
  const { migrate, pending, sql } = await place();
  assert.deepEqual(await pending(), ['0001_first', '0002_second', '0003_third']);
  assert.deepEqual(await migrate(), ['0001_first', '0002_second', '0003_third']);
  assert.deepEqual(await migrate(), []);
  assert.deepEqual(await pending(), []);
  const [first] = await sql(
    'SELECT id, checksum, pg_typeof(applied_at)::text AS type FROM schema_migrations ORDER BY id',
  );
  assert.deepEqual(first, {
    id: '0001_first',
    checksum: '5b0807496cc09fb66455325c6bfdd3cdc90079be7c83a827d495f86ed5002892',
    type: 'timestamp with time zone',
  });
});

test('the canonical schema has the same steps as that of the other database', () => {
  const ids = (dialect: 'sqlite' | 'postgres') => readMigrations(dialect).map(({ id }) => id);
  assert.deepEqual(ids('postgres'), ids('sqlite'));
});

testOnPostgres('a changed, a missing, a reordered and a newer step are refused', async () => {
  const changed = await place();
  await changed.migrate();
  appendFileSync(join(changed.folder, '0002_second.postgres.sql'), '\n');
  await refuses(changed.migrate, /0002_second has changed/);

  const missing = await place();
  await missing.migrate();
  renameSync(join(missing.folder, '0002_second.postgres.sql'), join(missing.folder, '0002_other.postgres.sql'));
  await refuses(missing.migrate, /0002_second was applied to the database but is missing here/);

  const reordered = await place();
  await reordered.migrate();
  await reordered.sql(`CREATE TEMP TABLE kept AS SELECT id, checksum, applied_at FROM schema_migrations;
    DELETE FROM schema_migrations; INSERT INTO schema_migrations (id, checksum, applied_at) SELECT * FROM kept ORDER BY id DESC`);
  await refuses(reordered.migrate, /out of order/);

  const newer = await place();
  await newer.migrate();
  rmSync(join(newer.folder, '0003_third.postgres.sql'));
  await refuses(newer.migrate, /newer version of Proofline \(0003_third\)/);
  await refuses(newer.pending, /newer version/);
});

testOnPostgres('a step that fails leaves the ones before it and nothing of its own', async () => {
  const { migrate, pending, sql } = await place({
    ...steps,
    '0003_third.postgres.sql': 'CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);',
  });
  await refuses(migrate, /0003_third failed \(42P01\)/);
  assert.deepEqual(await pending(), ['0003_third']);
  assert.deepEqual(await sql("SELECT to_regclass('half') AS half"), [{ half: null }]);
});

testOnPostgres('eight nodes that start at once apply each step once', async () => {
  for (let round = 0; round < 6; round++) {
    const { migrate, sql } = await place();
    const taken = await Promise.all(Array.from({ length: 8 }, migrate));
    assert.deepEqual(taken.flat().toSorted(), ['0001_first', '0002_second', '0003_third']);
    const applied = await sql('SELECT id FROM schema_migrations ORDER BY position');
    assert.deepEqual(applied, [{ id: '0001_first' }, { id: '0002_second' }, { id: '0003_third' }]);
  }
});

testOnPostgres('what is no PostgreSQL database of ours is named by its setting alone', async () => {
  const server = await databases.server();
  await server.sql(
    'postgres',
    "CREATE DATABASE latin ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
  );
  await refuses(() => migratePostgres({ dsn: server.url('latin') }), /UTF-8/);
  await refuses(() => migratePostgres({ dsn: server.url('absent') }), /SAFE_POSTGRES_DSN does not exist/);
  await refuses(() => migratePostgres({ dsn: 'postgresql://a:b@127.0.0.1:1/c' }), /ECONNREFUSED/);
  await refuses(
    () => migratePostgres({ dsn: server.url('latin'), migrateDsn: 'mysql://x' }),
    /SAFE_POSTGRES_MIGRATE_DSN is not/,
  );
  await refuses(() => migratePostgres({ dsn: 'postgresql://u:p@[bad/db' }), /SAFE_POSTGRES_DSN is not/);
});
