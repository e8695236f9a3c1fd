import type { DatabaseSync } from 'node:sqlite';
import type { Db } from '#platform/metadata/metadata.ts';
import { openConnection } from './connection.ts';
import { dbOver, sessionOf } from './executor.ts';
import { Statements } from './statements.ts';

export interface Reader {
  readonly db: Db;
  /** Another connection, which sees the state of this moment until it is closed. */
  standStill(): { readonly db: Db; close(): void };
  /** Throws when the database does not answer. */
  ping(): void;
  close(): void;
}

/** A connection for reading alone; SQLite itself refuses writes on it. */
export function openReader(path: string): Reader {
  const database = openConnection(path, 'reader');
  return {
    db: dbOver(sessionOf(new Statements(database))),
    standStill: () => standStill(path),
    ping: () => ping(database),
    close: () => database.close(),
  };
}

/** One transaction of reading: in WAL mode it sees what was committed when it first read, and the writer goes on beside it. */
function standStill(path: string): { db: Db; close(): void } {
  const database = openConnection(path, 'reader');
  database.exec('BEGIN');
  // BEGIN alone takes nothing; the first read fixes the state.
  ping(database);
  return { db: dbOver(sessionOf(new Statements(database))), close: () => database.close() };
}

export function ping(database: DatabaseSync): void {
  database.prepare('SELECT count(*) FROM schema_migrations').get();
}
