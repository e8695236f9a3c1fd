import type { DatabaseSync } from 'node:sqlite';
import type { Db } from '#platform/metadata/metadata.ts';
import { openConnection } from './connection.ts';
import { dbOver, sessionOf } from './executor.ts';
import { Statements } from './statements.ts';

export interface Reader {
  readonly db: Db;
  /** Throws when the database does not answer. */
  ping(): void;
  close(): void;
}

/** A connection for reading alone; SQLite itself refuses writes on it. */
export function openReader(path: string): Reader {
  const database = openConnection(path, 'reader');
  return { db: dbOver(sessionOf(new Statements(database))), ping: () => ping(database), close: () => database.close() };
}

export function ping(database: DatabaseSync): void {
  database.prepare('SELECT count(*) FROM schema_migrations').get();
}
