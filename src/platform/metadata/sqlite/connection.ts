import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { StartupError } from '#platform/process/startup-error.ts';
import { primaryCode, resultCode } from './result-codes.ts';

/** `PRAGMA application_id` of our files: "Pfln". */
export const applicationId = 0x50666c6e;

const busyTimeoutMs = 5000;
/** After the WAL was reset its file is cut back to this; while it grows nothing limits it but the checkpoints. */
export const walFileLimitBytes = 64 * 1024 * 1024;

export type ConnectionRole = 'writer' | 'reader' | 'migrator';

/** Opens and checks a connection. Every setting whose loss would weaken a promise is read back. Throws StartupError. */
export function openConnection(path: string, role: ConnectionRole): DatabaseSync {
  assertSqliteVersion();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, {
      readOnly: role === 'reader',
      timeout: busyTimeoutMs,
      // A migration may rebuild a table; dropping the old one would cascade. It checks all keys at its end instead.
      enableForeignKeyConstraints: role !== 'migrator',
      enableDoubleQuotedStringLiterals: false,
      defensive: true,
    });
    if (role === 'migrator') claim(database, path);
    configure(database, role, path === ':memory:');
    return database;
  } catch (error) {
    database?.close();
    throw startupErrorOf(error);
  }
}

function configure(database: DatabaseSync, role: ConnectionRole, inMemory: boolean): void {
  database.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -16384;
    PRAGMA synchronous = FULL;
  `);
  assertSetting(database, 'synchronous', 2);
  assertSetting(database, 'foreign_keys', role === 'migrator' ? 0 : 1);
  assertSetting(database, 'application_id', applicationId);
  if (role === 'reader') {
    database.exec('PRAGMA query_only = ON');
    assertSetting(database, 'query_only', 1);
    return;
  }
  if (inMemory) return;
  database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${walFileLimitBytes}`);
  assertSetting(database, 'journal_mode', 'wal');
}

/** Marks an empty file as ours and switches it to WAL; leaves any other file exactly as it is. */
function claim(database: DatabaseSync, path: string): void {
  const foreign = () =>
    new StartupError(
      'The database file belongs to another application.',
      'Point SAFE_DB_PATH at a Proofline database, or at a file that does not exist yet.',
    );
  const id = pragma(database, 'application_id');
  if (id !== applicationId) {
    if (id !== 0) throw foreign();
    database.exec('BEGIN IMMEDIATE');
    // Another process may have claimed it while we waited for the lock.
    const ours = pragma(database, 'application_id') === applicationId;
    const empty = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0;
    if (!ours && !empty) {
      database.exec('ROLLBACK');
      throw foreign();
    }
    database.exec(`PRAGMA application_id = ${applicationId}; COMMIT`);
  }
  if (path !== ':memory:') switchToWal(database);
}

/** Two processes that switch a new file at once can lock each other out despite the busy timeout. */
function switchToWal(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (primaryCode(error) !== resultCode.busy || attempt === 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

export function pragma(database: DatabaseSync, name: string): SQLOutputValue | undefined {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

function assertSetting(database: DatabaseSync, name: string, expected: number | string): void {
  if (pragma(database, name) === expected) return;
  throw new StartupError(
    `SQLite did not take the setting ${name} = ${expected}.`,
    'The database must be on a local disk with shared memory and locks, not on a network share.',
  );
}

/** Versions before 3.51.3 can lose commits when a checkpoint races a WAL reset. */
export function assertSqliteVersion(version: string | undefined = process.versions.sqlite): void {
  const [major = 0, minor = 0, patch = 0] = (version ?? '').split('.').map(Number);
  if (major * 1_000_000 + minor * 1000 + patch >= 3_051_003) return;
  throw new StartupError(
    `This Node.js carries SQLite ${version ?? 'of an unknown version'}, which can lose committed records.`,
    'Use a Node.js with SQLite 3.51.3 or later; the one that npm installs with Proofline is.',
  );
}

/** What the operator can do about a file that does not open. */
export function startupErrorOf(error: unknown): unknown {
  const options = { cause: error };
  switch (primaryCode(error)) {
    case resultCode.notadb:
      return new StartupError(
        'The database file is not a SQLite database, or its header is damaged.',
        'Check SAFE_DB_PATH. If the path is right, restore the database from a backup.',
        options,
      );
    case resultCode.corrupt:
      return new StartupError('The database file is damaged.', 'Restore the database from a backup.', options);
    case resultCode.cantopen:
      return new StartupError(
        'The database file cannot be opened.',
        'Create the directory of SAFE_DB_PATH and let the server write to it.',
        options,
      );
    case resultCode.readonly:
      return new StartupError(
        'The database file cannot be written.',
        'Give the server write access to the file of SAFE_DB_PATH and to its directory.',
        options,
      );
    case resultCode.full:
      return new StartupError('The disk of the database is full.', 'Make room on it, then start again.', options);
    case resultCode.busy:
      return new StartupError('Another process holds the database.', 'Stop it, then start again.', options);
    case resultCode.ioerr:
      return new StartupError(
        'The disk of the database reports errors or has no room.',
        'Check the free space, then the system log for errors of the disk, before starting again.',
        options,
      );
    default:
      return error;
  }
}
