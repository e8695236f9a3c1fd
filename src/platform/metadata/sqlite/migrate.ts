import type { DatabaseSync } from 'node:sqlite';
import { timestamp } from '#kit/time.ts';
import {
  type AppliedMigration,
  type Migration,
  migrationsUpTo,
  pendingMigrations,
  readMigrations,
} from '#platform/metadata/migration-files.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { openConnection, pragma, startupErrorOf } from './connection.ts';

export interface MigrateOptions {
  path: string;
  /** Where the steps are, for tests; the shipped ones by default. */
  directory?: URL;
  /** Milliseconds, for applied_at. */
  now?: () => number;
  /** Take no step after this one. What was taken before is judged as ever. */
  upTo?: string | undefined;
}

/**
 * Brings a database file up to this version, creating it where there is none, and returns the ids of the steps it took.
 * Processes that race apply each step once. Throws StartupError, and then the file is as it was after the last whole step.
 */
export function migrateSqlite({ path, directory, now, upTo }: MigrateOptions): string[] {
  const migrations = readMigrations('sqlite', directory);
  const database = openConnection(path, 'migrator');
  try {
    return applyMigrations(database, migrations, { now, upTo });
  } catch (error) {
    throw startupErrorOf(error);
  } finally {
    database.close();
  }
}

/** The steps that a database file still lacks; changes nothing. */
export function pendingSqliteMigrations({ path, directory }: MigrateOptions): string[] {
  const migrations = readMigrations('sqlite', directory);
  const database = openConnection(path, 'reader');
  try {
    return pendingMigrations(migrations, appliedIn(database)).map(({ id }) => id);
  } finally {
    database.close();
  }
}

interface ApplyOptions {
  now?: (() => number) | undefined;
  upTo?: string | undefined;
}

export function applyMigrations(
  database: DatabaseSync,
  migrations: readonly Migration[],
  options: ApplyOptions = {},
): string[] {
  const taken: string[] = [];
  // Refused before anything is written.
  if (migrationsUpTo(options.upTo, pendingMigrations(migrations, appliedIn(database))).length === 0) return taken;
  for (;;) {
    const id = applyNext(database, migrations, options);
    if (id === undefined) return taken;
    taken.push(id);
  }
}

/** One step in one transaction, chosen under the write lock: another process may have taken it meanwhile. */
function applyNext(
  database: DatabaseSync,
  migrations: readonly Migration[],
  { now = Date.now, upTo }: ApplyOptions,
): string | undefined {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(
      'CREATE TABLE IF NOT EXISTS schema_migrations ' +
        '(id TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
    );
    const [next] = migrationsUpTo(upTo, pendingMigrations(migrations, appliedIn(database)));
    if (next !== undefined) {
      run(database, next);
      database
        .prepare('INSERT INTO schema_migrations (id, checksum, applied_at) VALUES (?, ?, ?)')
        .run(next.id, next.checksum, timestamp(now()));
    }
    database.exec('COMMIT');
    return next?.id;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function run(database: DatabaseSync, migration: Migration): void {
  const failure = (why: string, cause?: unknown) =>
    new StartupError(
      `Migration ${migration.id} ${why}; the database is as it was before.`,
      'Keep running the version you had, and report this.',
      { cause },
    );
  try {
    database.exec(migration.sql);
  } catch (error) {
    const explained = startupErrorOf(error);
    throw explained === error ? failure('failed', error) : explained;
  }
  if (!database.isTransaction) throw new Error(`Migration ${migration.id} ends its own transaction.`);
  if (pragma(database, 'foreign_key_check') !== undefined) throw failure('would leave rows that point to nothing');
}

function appliedIn(database: DatabaseSync): AppliedMigration[] {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'");
  if (table.get() === undefined) return [];
  return database
    .prepare('SELECT id, checksum FROM schema_migrations ORDER BY rowid')
    .all()
    .map(({ id, checksum }) => ({ id: String(id), checksum: String(checksum) }));
}
