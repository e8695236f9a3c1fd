import {
  type CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  DummyDriver,
  Kysely,
  Transaction as KyselyTransaction,
  type QueryResult,
  type SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Db, Tables, Trx } from '#platform/metadata/metadata.ts';
import type { StatementResult, Statements } from './statements.ts';

/** Where a Kysely object's queries run: the reader, or one body's stay in the writer. */
export interface Session {
  run(sql: string, parameters: readonly unknown[]): StatementResult | Promise<StatementResult>;
}

/** One writer needs no row locks, and SQLite has no words for them. */
class LockFreeCompiler extends SqliteQueryCompiler {
  protected override visitSelectQuery(node: SelectQueryNode): void {
    const { endModifiers: _, ...rest } = node;
    super.visitSelectQuery(rest);
  }
}

const adapter = new SqliteAdapter();
const compiler = new LockFreeCompiler();

/** Kysely would open a transaction around the callback by itself; here a Transaction value does that. */
class RefusingDriver extends DummyDriver {
  override beginTransaction(): Promise<void> {
    return Promise.reject(new Error('Metadata.write runs transactions; a Db or Trx does not start one.'));
  }
}

const driver = new RefusingDriver();
const dialect: Dialect = {
  createAdapter: () => adapter,
  createDriver: () => driver,
  createQueryCompiler: () => compiler,
  createIntrospector: (db) => new SqliteIntrospector(db),
};
const config = { dialect };

/** Kysely's connection over a session, for the ways in that the short path below does not take. */
class SessionConnection implements DatabaseConnection {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return resultOf(await this.#session.run(query.sql, query.parameters));
  }

  // A statement left half read would pin the WAL, and on the writer it would outlive its body.
  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Read in pages instead of streaming.');
  }
}

/** Runs a query straight on the session: Kysely's own path awaits nine times per query to share connections. */
class SessionExecutor extends DefaultQueryExecutor {
  readonly #session: Session;

  constructor(session: Session) {
    const connection = new SessionConnection(session);
    const provider: ConnectionProvider = { provideConnection: (consumer) => consumer(connection) };
    super(compiler, adapter, provider);
    this.#session = session;
  }

  override async executeQuery<Row>(query: CompiledQuery<unknown>): Promise<QueryResult<Row>> {
    const result = this.#session.run(query.sql, query.parameters);
    return resultOf<Row>(result instanceof Promise ? await result : result);
  }
}

function resultOf<Row>({ rows, changes }: StatementResult): QueryResult<Row> {
  // The query's type says what its rows are; Kysely leaves it to the driver to assert that.
  const typed = rows as Row[];
  return changes === undefined ? { rows: typed } : { rows: typed, numAffectedRows: BigInt(changes) };
}

export function dbOver(session: Session): Db {
  return new Kysely<Tables>({ config, driver, dialect, executor: new SessionExecutor(session) });
}

export function trxOver(session: Session): Trx {
  return new KyselyTransaction<Tables>({ config, driver, dialect, executor: new SessionExecutor(session) });
}

/** A session for a connection that nobody else queries. */
export function sessionOf(statements: Statements): Session {
  return { run: (sql, parameters) => statements.run(sql, parameters) };
}
