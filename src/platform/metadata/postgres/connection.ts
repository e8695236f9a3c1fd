import { createHash } from 'node:crypto';
import { Client, type ClientConfig, type QueryResult } from 'pg';
import { PostgresFailure } from './failure.ts';
import { typeParsers } from './values.ts';

export interface Answer {
  rows: Record<string, unknown>[];
  /** Rows written by a statement that returns none; undefined for one that does. */
  changes: number | undefined;
  /** `COMMIT`, `ROLLBACK`, `INSERT` …: what the server says it has done. */
  command: string;
}

/** What is true of the server behind a connection, read when it was opened. */
export interface ServerFacts {
  version: number;
  encoding: string;
  synchronousCommit: string;
  inRecovery: boolean;
}

export interface Limits {
  connectMs: number;
  statementMs: number;
  lockMs: number;
  /** A transaction left open, by a process that hangs, gives its locks back after this. */
  idleInTransactionMs: number;
}

/** Together every request is answered within 30 s, whatever the database does. */
export const requestLimits: Limits = {
  connectMs: 5000,
  statementMs: 8000,
  lockMs: 5000,
  idleInTransactionMs: 15_000,
};

/**
 * One connection, pipelined: queries are sent as they are asked for, and answered in that order. Every error is a PostgresFailure.
 * Its session is read-only until a transaction says otherwise, so that a query behind a BEGIN that failed cannot write.
 */
export class Connection {
  readonly #client: Client;
  readonly facts: ServerFacts;
  readonly openedAtMs = performance.now();
  #usable = true;
  #corked = false;
  readonly #closed: Promise<void>;

  private constructor(client: Client, facts: ServerFacts) {
    this.#client = client;
    this.facts = facts;
    this.#closed = new Promise((resolve) => {
      client.once('end', () => {
        this.#usable = false;
        resolve();
      });
    });
    client.on('error', () => {
      this.#usable = false;
    });
  }

  static async open(config: ClientConfig, limits: Limits): Promise<Connection> {
    const client = new Client({
      ...config,
      application_name: 'proofline',
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: limits.connectMs,
      types: typeParsers,
    });
    // An error after the connection has failed would otherwise end the process.
    client.on('error', () => undefined);
    const deadline = setTimeout(() => client.connection.stream.destroy(), limits.connectMs);
    try {
      await client.connect();
      return new Connection(client, await configure(client, limits));
    } catch (error) {
      client.connection.stream.destroy();
      throw error instanceof PostgresFailure ? error : new PostgresFailure(error);
    } finally {
      clearTimeout(deadline);
    }
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Resolves when nothing of it is left. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** `prepare`: the text will come again on this connection. */
  query(text: string, values: (string | Buffer | null)[] = [], prepare = false): Promise<Answer> {
    this.#cork();
    return new Promise((resolve, reject) => {
      const config = { text, values, ...(prepare ? { name: nameOf(text) } : {}) };
      this.#client.query(config, (error: Error | null, result: QueryResult | QueryResult[]) => {
        if (!error) return resolve(answerOf(result));
        const failure = new PostgresFailure(error);
        if (failure.lost) this.#usable = false;
        reject(failure);
      });
    });
  }

  /** Takes it down at once; what runs on it fails as lost. */
  destroy(): void {
    this.#usable = false;
    this.#client.connection.stream.destroy();
  }

  /** Says goodbye, and waits for it, but not for ever. */
  async end(): Promise<void> {
    this.#usable = false;
    const deadline = setTimeout(() => this.destroy(), 2000);
    this.#client.end().catch(() => undefined);
    await this.#closed;
    clearTimeout(deadline);
  }

  /** Everything asked for in one turn leaves in one packet. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}

const names = new Map<string, string>();

/** The same on every connection and node, so that a pooler between may keep it. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `proofline_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

function answerOf(result: QueryResult | QueryResult[]): Answer {
  // A text of several statements answers with all; the last one is meant.
  const last = Array.isArray(result) ? result.at(-1) : result;
  if (last === undefined) return { rows: [], changes: 0, command: '' };
  return {
    rows: last.rows,
    changes: last.fields.length === 0 ? (last.rowCount ?? 0) : undefined,
    command: last.command,
  };
}

/** Every setting that a promise rests on is set here, and those that could be refused are read back. One round trip. */
async function configure(client: Client, limits: Limits): Promise<ServerFacts> {
  const text = `
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY;
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET client_min_messages = 'warning';
    SET statement_timeout = ${limits.statementMs}; SET lock_timeout = ${limits.lockMs};
    SET idle_in_transaction_session_timeout = ${limits.idleInTransactionMs};
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply';
    SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery()::int AS recovering,
      current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commit`;
  const result: unknown = await client.query(text);
  const answers = result as QueryResult[]; // a text of several statements
  const row: Record<string, unknown> = answers.at(-1)?.rows[0] ?? {};
  const facts = {
    version: Number(row.version),
    encoding: String(row.encoding),
    synchronousCommit: String(row.commit),
    inRecovery: row.recovering === 1,
  };
  if (!['on', 'remote_apply'].includes(facts.synchronousCommit)) throw new Error('synchronous_commit was refused');
  return facts;
}
