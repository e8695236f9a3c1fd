import {
  type CompiledQuery,
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  DummyDriver,
  Kysely,
  Transaction as KyselyTransaction,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { isCompiled } from '#platform/metadata/compiled.ts';
import type { Db, Tables, Trx } from '#platform/metadata/metadata.ts';
import type { Answer } from './connection.ts';
import { wireValues } from './values.ts';

/** Where a Kysely object's queries run: any free connection, or one body's transaction. */
export interface Session {
  run(text: string, values: (string | Buffer | null)[], prepare: boolean): Promise<Answer>;
}

const adapter = new PostgresAdapter();
const compiler = new PostgresQueryCompiler();

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
  createIntrospector: (db) => new PostgresIntrospector(db),
};
const config = { dialect };

/** Kysely's connection over a session, for the ways in that the short path below does not take. */
class SessionConnection implements DatabaseConnection {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return await run<Row>(this.#session, query);
  }

  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Read in pages instead of streaming.');
  }
}

/** Sends a query in the very call: what a body asks for in one turn travels together. */
class SessionExecutor extends DefaultQueryExecutor {
  readonly #session: Session;

  constructor(session: Session) {
    const connection = new SessionConnection(session);
    const provider: ConnectionProvider = { provideConnection: (consumer) => consumer(connection) };
    super(compiler, adapter, provider);
    this.#session = session;
  }

  override async executeQuery<Row>(query: CompiledQuery<unknown>): Promise<QueryResult<Row>> {
    return await run<Row>(this.#session, query);
  }
}

async function run<Row>(session: Session, query: CompiledQuery<unknown>): Promise<QueryResult<Row>> {
  const toFind = query.query.kind === 'SelectQueryNode';
  const { rows, changes } = await session.run(query.sql, wireValues(query.parameters, toFind), isCompiled(query));
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
