import type { ClientConfig } from 'pg';
import {
  type AppliedMigration,
  type Migration,
  migrationsUpTo,
  pendingMigrations,
  readMigrations,
} from '#platform/metadata/migration-files.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { Connection, type Limits } from './connection.ts';
import { parseDsn } from './dsn.ts';
import { PostgresFailure, sqlState } from './failure.ts';
import { assertServer, startupErrorOf } from './server-checks.ts';

export interface PostgresDsns {
  /** Of the role that serves requests. */
  dsn: string;
  /** Of the role that owns the schema; undefined: the same. */
  migrateDsn?: string | undefined;
}

/** Whose rights a connection has, and the setting that an operator knows it by. */
interface Access {
  config: ClientConfig;
  setting: string;
}

/** A step may rebuild an index of many millions of rows; waiting for another node's step is no fault either. */
const migrationLimits: Limits = { connectMs: 5000, statementMs: 0, lockMs: 0, idleInTransactionMs: 60_000 };

/** Any number; it means this schema's migrations to every node that asks for it. */
const advisoryLock = 0x50666c6e;

const accessOf = ({ dsn, migrateDsn }: PostgresDsns): Access =>
  migrateDsn === undefined
    ? { config: parseDsn(dsn, 'SAFE_POSTGRES_DSN'), setting: 'SAFE_POSTGRES_DSN' }
    : { config: parseDsn(migrateDsn, 'SAFE_POSTGRES_MIGRATE_DSN'), setting: 'SAFE_POSTGRES_MIGRATE_DSN' };

export interface MigrateOptions {
  /** Where the steps are, for tests; the shipped ones by default. */
  directory?: URL;
  /** Take no step after this one. What was taken before is judged as ever. */
  upTo?: string | undefined;
}

/** Brings the schema up to this version and returns the ids of the steps taken. Throws StartupError. */
export async function migratePostgres(dsns: PostgresDsns, { directory, upTo }: MigrateOptions = {}): Promise<string[]> {
  const migrations = readMigrations('postgres', directory);
  return await withConnection(accessOf(dsns), async (connection) => {
    const taken: string[] = [];
    // Refused before anything is written; where all is done, a role that may only read is enough.
    if (migrationsUpTo(upTo, pendingMigrations(migrations, await appliedIn(connection))).length === 0) return taken;
    for (;;) {
      const id = await applyNext(connection, migrations, upTo);
      if (id === undefined) return taken;
      taken.push(id);
    }
  });
}

/** The steps that `migratePostgres` would take. Changes nothing. Throws StartupError. */
export async function pendingPostgresMigrations(dsns: PostgresDsns, directory?: URL): Promise<string[]> {
  const migrations = readMigrations('postgres', directory);
  return await withConnection(accessOf(dsns), async (connection) =>
    pendingMigrations(migrations, await appliedIn(connection)).map(({ id }) => id),
  );
}

async function withConnection<T>(access: Access, work: (connection: Connection) => Promise<T>): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.open(access.config, migrationLimits);
    assertServer(connection.facts);
    return await work(connection);
  } catch (error) {
    throw startupErrorOf(error, access.setting);
  } finally {
    await connection?.end();
  }
}

/** One step in one transaction, chosen under the lock: another node may have taken it meanwhile. */
async function applyNext(
  connection: Connection,
  migrations: readonly Migration[],
  upTo: string | undefined,
): Promise<string | undefined> {
  await connection.query('BEGIN READ WRITE');
  try {
    await connection.query(`SELECT pg_advisory_xact_lock(${advisoryLock})`);
    // Before asking what is applied: after a wait for the lock, to_regclass may still answer from before it.
    await connection.query(createLedger);
    const [next] = migrationsUpTo(upTo, pendingMigrations(migrations, await ledgerOf(connection)));
    if (next !== undefined) await apply(connection, next);
    await connection.query('COMMIT');
    return next?.id;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => connection.destroy());
    throw isFailure(error, sqlState.insufficientPrivilege) ? mayNotMigrate(error) : error;
  }
}

async function apply(connection: Connection, { id, sql, checksum }: Migration): Promise<void> {
  try {
    await connection.query(sql);
    await connection.query('INSERT INTO schema_migrations (id, checksum) VALUES ($1, $2)', [id, checksum]);
  } catch (error) {
    if (!isFailure(error) || error.lost || error.code === sqlState.insufficientPrivilege) throw error;
    throw new StartupError(
      `Migration ${id} failed (${error.code}); the database is as it was before.`,
      'Keep running the version you had, and report this.',
      { cause: error },
    );
  }
}

function isFailure(error: unknown, code?: string): error is PostgresFailure {
  return error instanceof PostgresFailure && (code === undefined || error.code === code);
}

function mayNotMigrate(cause: PostgresFailure): StartupError {
  return new StartupError(
    'The schema of the database is not that of this version yet, and the database role may not change it.',
    'Set SAFE_POSTGRES_MIGRATE_DSN to the role that owns the schema, or run `proofline migrate` with it once. See deploy/postgres/roles.sql.',
    { cause },
  );
}

/**
 * `position` keeps the order in which steps were taken, whatever the clock did. Roles that only work on the rows may read what was
 * applied and never write it, whatever the default privileges gave them.
 */
const createLedger = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    id TEXT COLLATE "C" PRIMARY KEY,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    position BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE
  );
  DO $$ DECLARE grantee name; BEGIN
    FOR grantee IN
      SELECT DISTINCT pg_get_userbyid(entry.grantee) FROM pg_class, aclexplode(relacl) AS entry
      WHERE oid = 'schema_migrations'::regclass AND entry.grantee NOT IN (0, relowner)
    LOOP EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM %I', grantee); END LOOP;
  END $$`;

/** Throws a PostgresFailure. */
export async function appliedIn(connection: Pick<Connection, 'query'>): Promise<AppliedMigration[]> {
  const { rows } = await connection.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS present");
  return rows[0]?.present === 1 ? await ledgerOf(connection) : [];
}

async function ledgerOf(connection: Pick<Connection, 'query'>): Promise<AppliedMigration[]> {
  const applied = await connection.query('SELECT id, checksum FROM schema_migrations ORDER BY position');
  return applied.rows.map(({ id, checksum }) => ({ id: String(id), checksum: String(checksum) }));
}
