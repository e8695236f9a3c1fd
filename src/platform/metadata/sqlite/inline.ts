import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { AnyTransaction, Db, Metadata } from '#platform/metadata/metadata.ts';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import { assertDistinctNames } from '#platform/metadata/registry.ts';
import { Checkpointer } from './checkpoint.ts';
import { type MetadataLog, SqliteMetadata, type WriterEvents, type WriterLink } from './client.ts';
import { openConnection } from './connection.ts';
import { dbOver } from './executor.ts';
import { GroupRunner } from './group.ts';
import type { Outcome, Request } from './messages.ts';
import { applyMigrations, migrateSqlite } from './migrate.ts';
import { openReader, ping, type Reader } from './reader.ts';
import { Statements } from './statements.ts';

export interface SqliteInlineOptions {
  /** A file, or `:memory:`. */
  path: string;
  transactions: readonly AnyTransaction[];
  log?: MetadataLog;
  maxQueued?: number;
  maxGroup?: number;
}

/**
 * The same database without a thread, for a command that runs once and for tests: `:memory:` is the memory implementation.
 * Writes hold up the event loop. Throws StartupError.
 */
export function openSqliteInline(options: SqliteInlineOptions): Metadata {
  const { path, transactions, log, maxQueued = 10_000, maxGroup = 256 } = options;
  assertDistinctNames(transactions);
  const inMemory = path === ':memory:';
  if (!inMemory) migrateSqlite({ path });
  const database = inMemory ? openInMemory() : openConnection(path, 'writer');
  const writer = new InlineWriter(database, transactions, maxGroup);
  const reader = inMemory ? readerBetweenGroups(database, writer) : openReader(path);
  const metadata = new SqliteMetadata({ reader, maxQueued, log });
  metadata.attach(writer.link(metadata));
  return metadata;
}

function openInMemory(): DatabaseSync {
  const database = openConnection(':memory:', 'migrator');
  applyMigrations(database, readMigrations('sqlite'));
  database.exec('PRAGMA foreign_keys = ON');
  return database;
}

/** A second connection would see another, empty memory; so reading waits until no group is half done on the only one. */
function readerBetweenGroups(database: DatabaseSync, writer: InlineWriter): Reader {
  const statements = new Statements(database);
  const db = dbOver({
    run: async (sql, parameters) => {
      while (writer.busy !== undefined) await writer.busy;
      database.exec('PRAGMA query_only = ON');
      try {
        return statements.run(sql, parameters);
      } finally {
        database.exec('PRAGMA query_only = OFF');
      }
    },
  });
  return {
    db,
    standStill: () => standStillInMemory(database),
    seeNewest: () => undefined,
    ping: () => ping(database),
    close: () => undefined,
  };
}

/** Nothing can look into another connection's memory, so what is looked at is a copy, in a file that is gone once it is open. */
function standStillInMemory(database: DatabaseSync): { db: Db; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'proofline-memory-'));
  try {
    database.prepare('VACUUM INTO ?').run(join(folder, 'copy.db'));
    const copy = openReader(join(folder, 'copy.db'));
    copy.ping();
    return { db: copy.db, close: () => copy.close() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class InlineWriter {
  readonly #database: DatabaseSync;
  readonly #runner: GroupRunner;
  readonly #checkpointer: Checkpointer;
  readonly #transactions: readonly AnyTransaction[];
  readonly #maxGroup: number;
  #waiting: Request[] = [];
  /** Resolves when all that waits has run; undefined while nothing does. */
  busy: Promise<void> | undefined;

  constructor(database: DatabaseSync, transactions: readonly AnyTransaction[], maxGroup: number) {
    this.#database = database;
    this.#transactions = transactions;
    this.#runner = new GroupRunner(database, transactions);
    this.#checkpointer = new Checkpointer(database, (error) => this.#runner.note(error));
    this.#maxGroup = maxGroup;
  }

  link(events: WriterEvents): WriterLink {
    return {
      transactions: this.#transactions.map(({ name }) => name),
      post: (requests) => {
        // Cloned as a thread would, so that no body can reach into its caller's objects.
        this.#waiting.push(...structuredClone(requests));
        this.busy ??= this.#runAll(events);
      },
      close: async () => {
        this.#database.close();
      },
    };
  }

  async #runAll(events: WriterEvents): Promise<void> {
    while (this.#waiting.length > 0) {
      const outcomes = await this.#runner.run(this.#waiting.splice(0, this.#maxGroup));
      const cloned: Outcome[] = structuredClone(outcomes);
      events.ran(cloned, this.#runner.failedForGood);
      this.#checkpointer.afterGroup();
    }
    this.busy = undefined;
  }
}
