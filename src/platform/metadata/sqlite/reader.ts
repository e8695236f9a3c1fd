import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Db } from '#platform/metadata/metadata.ts';
import { openConnection } from './connection.ts';
import { dbOver, type Session, sessionOf } from './executor.ts';
import { type StatementResult, Statements } from './statements.ts';

export interface Reader {
  readonly db: Db;
  /** Another connection, which sees the state of this moment until it is closed. */
  standStill(): { readonly db: Db; close(): void };
  /** The next read sees everything that is committed by now. */
  seeNewest(): void;
  /** Throws when the database does not answer. */
  ping(): void;
  close(): void;
}

/** A connection for reading alone; SQLite itself refuses writes on it. */
export function openReader(path: string): Reader {
  const database = openConnection(path, 'reader');
  const turn = new TurnOfReads(database);
  return {
    db: dbOver(turn),
    standStill: () => standStill(path),
    seeNewest: () => turn.end(),
    ping: () => ping(database),
    close: () => {
      turn.end();
      database.close();
    },
  };
}

/**
 * What is read in one turn of the event loop is read from one state: a read transaction of its own for each query would cost more
 * than the query, as SQLite takes its locks anew and finds its cached pages outdated by the writer.
 */
class TurnOfReads implements Session {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #open = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#begin = database.prepare('BEGIN');
    this.#commit = database.prepare('COMMIT');
  }

  run(sql: string, parameters: readonly unknown[]): StatementResult {
    if (!this.#open) {
      this.#begin.run();
      this.#open = true;
      setImmediate(() => this.end());
    }
    return this.#statements.run(sql, parameters);
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    // A disk that fails makes SQLite end the transaction by itself.
    if (this.#database.isTransaction) this.#commit.run();
  }
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
