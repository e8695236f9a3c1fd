import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export interface StatementResult {
  rows: Record<string, SQLOutputValue>[];
  /** Rows written by a statement that returns none; undefined for one that does. */
  changes: number | undefined;
}

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
  readonly writes: boolean;
}

const allowed = /^[\s(]*(select|values|with|explain|insert|replace|update|delete)\b/i;
const readsOnly = /^[\s(]*(select|values|explain)\b/i;

/**
 * Prepared statements of one connection by their text, least recently used out first. Preparing costs five times what running a
 * point query does. Transaction control and PRAGMA are refused: they belong to the connection, not to a query.
 */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #capacity: number;
  readonly #prepared = new Map<string, Prepared>();
  /** Set by each statement that may have changed a row (one that failed has not); whoever needs to know clears it first. */
  wrote = false;

  constructor(database: DatabaseSync, capacity = 256) {
    this.#database = database;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#prepared.size;
  }

  run(sql: string, parameters: readonly unknown[]): StatementResult {
    const { statement, returnsRows, writes } = this.#prepare(sql);
    assertBindable(parameters);
    if (returnsRows) {
      const rows = statement.all(...parameters);
      if (writes && rows.length > 0) this.wrote = true;
      return { rows, changes: undefined };
    }
    const changes = Number(statement.run(...parameters).changes);
    if (changes > 0) this.wrote = true;
    return { rows: [], changes };
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    if (!allowed.test(sql)) throw new TypeError('Only queries run here; transaction control and PRAGMA are refused.');
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0, writes: !readsOnly.test(sql) };
    this.#prepared.set(sql, prepared);
    if (this.#prepared.size > this.#capacity) {
      const oldest = this.#prepared.keys().next();
      if (!oldest.done) this.#prepared.delete(oldest.value);
    }
    return prepared;
  }
}

/**
 * node:sqlite reads an object in first place as named parameters and shifts the others, and binds undefined as NULL: both would
 * write wrong rows without an error, so only what SQLite stores passes.
 */
function assertBindable(parameters: readonly unknown[]): asserts parameters is readonly SQLInputValue[] {
  for (let index = 0; index < parameters.length; index++) {
    const value = parameters[index];
    const type = typeof value;
    if (type === 'string' || type === 'number' || value === null || type === 'bigint') continue;
    if (value instanceof Uint8Array) continue;
    throw new TypeError(`Parameter ${index + 1} is of a type that cannot be bound (${type}).`);
  }
}
