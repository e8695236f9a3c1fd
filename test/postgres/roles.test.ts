import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { oneOfEach, rows } from '#platform/metadata/contract/rows.ts';
import { anyTables, contractTransactions, deleteRow, insertRows } from '#platform/metadata/contract/transactions.ts';
import { migratePostgres } from '#platform/metadata/postgres/migrate.ts';
import {
  databaseOf,
  elsewhere,
  postgresContract,
  testDatabases,
  testOnPostgres,
} from '#platform/metadata/postgres/testing/databases.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { repository } from '../support/server.ts';

const databases = testDatabases();
const rolesSql = readFileSync(join(repository, 'deploy/postgres/roles.sql'), 'utf8');

/** A database that roles.sql has been run on, empty; as each of the two roles. */
async function withRoles(): Promise<{ dsn: string; migrateDsn: string; database: string }> {
  const server = await databases.server();
  const superuser = await server.createDatabase();
  const database = databaseOf(superuser);
  await server.sql(database, rolesSql);
  return {
    dsn: elsewhere(superuser, { user: 'proofline_app' }),
    migrateDsn: elsewhere(superuser, { user: 'proofline_migrate' }),
    database,
  };
}

async function refused(dsn: string, statement: string): Promise<void> {
  const client = new pg.Client(dsn);
  await client.connect();
  try {
    await assert.rejects(
      client.query(statement),
      (error) => error instanceof pg.DatabaseError && error.code === '42501',
      statement,
    );
  } finally {
    await client.end();
  }
}

postgresContract('PostgreSQL with the role that may not change the schema', async () => {
  const { dsn, migrateDsn } = await withRoles();
  return await databases.open(dsn, contractTransactions, { migrateDsn });
});

testOnPostgres('the roles may have other names', async () => {
  const server = await databases.server();
  const superuser = await server.createDatabase();
  const named = "SET proofline.app_role = 'docuvault_app'; SET proofline.migrate_role = 'docuvault_migrate';";
  await server.sql(databaseOf(superuser), `${named} ${rolesSql}`);
  const dsn = elsewhere(superuser, { user: 'docuvault_app' });
  assert.ok(
    (await migratePostgres({ dsn, migrateDsn: elsewhere(superuser, { user: 'docuvault_migrate' }) })).length > 0,
  );
  await refused(dsn, 'CREATE TABLE mine (id INTEGER)');
  await refused(dsn, 'DROP TABLE audit_log');
});

testOnPostgres('the role that serves requests cannot change the schema, nor what was migrated', async () => {
  const { dsn, migrateDsn, database } = await withRoles();
  await migratePostgres({ dsn, migrateDsn });
  for (const statement of [
    'CREATE TABLE mine (id INTEGER)',
    'CREATE TEMPORARY TABLE mine (id INTEGER)',
    'CREATE SCHEMA mine',
    'CREATE FUNCTION mine() RETURNS INTEGER LANGUAGE sql AS $$ SELECT 1 $$',
    'ALTER TABLE chunks ADD COLUMN mine TEXT',
    'ALTER TABLE chunks DROP CONSTRAINT chunks_pkey',
    'CREATE INDEX mine ON chunks (stored_path)',
    'DROP INDEX chunks_streamed',
    'DROP TABLE chunks',
    'TRUNCATE chunks CASCADE',
    'ALTER TABLE chunks DISABLE TRIGGER ALL',
    "INSERT INTO schema_migrations (id, checksum) VALUES ('0002_x', 'x')",
    "UPDATE schema_migrations SET checksum = 'x'",
    'DELETE FROM schema_migrations',
    'SET ROLE proofline_migrate',
  ])
    await refused(dsn, statement);
  const server = await databases.server();
  await server.sql(database, rolesSql);
  await refused(dsn, "UPDATE schema_migrations SET checksum = 'x'");
  await server.sql(database, 'SET ROLE proofline_migrate; CREATE TABLE added_later (id INTEGER)');
  await server.sql(database, 'SET ROLE proofline_app; INSERT INTO added_later VALUES (1); SELECT * FROM added_later');
  await server.sql(
    'postgres',
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'somebody') THEN CREATE ROLE somebody LOGIN; END IF; END $$",
  );
  const stranger = new pg.Client(elsewhere(dsn, { user: 'somebody' }));
  await assert.rejects(stranger.connect(), (error) => error instanceof pg.DatabaseError && error.code === '42501');
});

testOnPostgres(
  'the role that serves requests adds supersessions and changes none, migrated before or after the roles',
  async () => {
    const { dsn, migrateDsn, database } = await withRoles();
    const metadata = await databases.open(dsn, contractTransactions, { migrateDsn });
    const server = await databases.server();
    for (const round of ['as migrated', 'as roles.sql leaves it']) {
      await metadata.write(insertRows, round === 'as migrated' ? oneOfEach() : [rows.supersession({ id: 'sup_2' })]);
      for (const statement of [
        "UPDATE supersessions SET reason = 'audio_replaced_by_master'",
        'DELETE FROM supersessions',
        'TRUNCATE supersessions',
        'SELECT id FROM supersessions FOR UPDATE',
      ])
        await refused(dsn, statement);
      await server.sql(database, rolesSql);
    }
    // Not even who owns the table, which is the only role there is where one setting has both rights.
    await assert.rejects(server.sql(database, 'UPDATE supersessions SET policy_version = 2'), /never changed/);
    const left = () => anyTables(metadata.read).selectFrom('supersessions').selectAll().execute();
    assert.equal((await left()).length, 2);
    assert.equal(await metadata.write(deleteRow, { table: 'capture_groups', id: 'cgr_1' }), 1);
    assert.deepEqual(await left(), [], 'they go with their group, by no right of that role');
    await metadata.close();
  },
);

testOnPostgres('a role that may not migrate, on a database that needs it, is told what to do', async () => {
  const { dsn, migrateDsn } = await withRoles();
  await assert.rejects(databases.open(dsn, []), (error) => {
    assert.ok(error instanceof StartupError, String(error));
    assert.match(error.message, /may not change it/);
    assert.match(error.remedy, /SAFE_POSTGRES_MIGRATE_DSN/);
    return true;
  });
  assert.equal((await migratePostgres({ dsn, migrateDsn })).length > 0, true);
  const metadata = await databases.open(dsn, []);
  assert.equal(await metadata.health(), 'ok');
  await metadata.close();
});

testOnPostgres('two settings that lead to two databases are found out', async () => {
  const [first, second] = [await withRoles(), await withRoles()];
  await assert.rejects(databases.open(first.dsn, [], { migrateDsn: second.migrateDsn }), /different databases/);
});
