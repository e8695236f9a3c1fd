import type { Kysely, Transaction as KyselyTransaction } from 'kysely';

/**
 * The tables of the database. Each slice adds its own in its `<slice>.tables.ts` by declaration merging:
 *
 *     declare module '#platform/metadata/metadata.ts' { interface Tables { chunks: ChunksTable } }
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the slices
export interface Tables {}

/** What a query needs; both the reading connection and a running transaction are one. */
export type Db = Kysely<Tables>;
export type Trx = KyselyTransaction<Tables>;

/**
 * One transaction of one slice, as a value: its name and what it does. The body may run in another thread (SQLite), or twice
 * (PostgreSQL after a serialisation failure, SQLite when a neighbour in the same commit must be undone), so it is a pure function
 * of the database and its input: no clock, no randomness, no I/O but queries, input and output that structured clone can carry.
 * Throw a Problem to roll back with an answer, before the first write where that is possible: then nothing needs undoing.
 * What it decides by, it locks (`forShare`, `forNoKeyUpdate`), in the order deletion decision, incident, stream, account; SQLite
 * ignores that. It may be run once more when a row it inserts turned up meanwhile, to find that row.
 * Hot bodies use `compiled` queries (compiled.ts); a broken constraint is told by `violatedConstraint` (constraint.ts).
 */
export interface Transaction<Input, Output> extends TransactionTraits {
  readonly name: string;
  readonly body: (trx: Trx, input: Input) => Promise<Output>;
}

/** What PostgreSQL must know of a body. SQLite, with its one writer, needs none of it. */
export interface TransactionTraits {
  /** For a decision that hangs on rows which are not there, and so cannot be locked. */
  readonly serializable?: boolean;
  /** Works for nobody who waits, on many rows: minutes instead of seconds. */
  readonly patient?: boolean;
}

export function transaction<Input, Output>(
  name: string,
  body: (trx: Trx, input: Input) => Promise<Output>,
  traits: TransactionTraits = {},
): Transaction<Input, Output> {
  return Object.freeze({ name, body, ...traits });
}

const sendCommit = new WeakMap<object, () => void>();

/**
 * The last writes of a body: PostgreSQL gets the COMMIT right behind them, without a round trip in between. Nothing may hang on
 * their results any more, and no query may follow; one that fails makes the commit a rollback.
 */
export async function lastly(trx: Trx, writes: readonly Promise<unknown>[]): Promise<void> {
  sendCommit.get(trx.getExecutor())?.();
  await Promise.all(writes);
}

/** For a database that can commit behind the last writes of that transaction. */
export function onLastWrites(trx: Trx, send: () => void): void {
  sendCommit.set(trx.getExecutor(), send);
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds transactions of every input and output; call sites stay typed
export type AnyTransaction = Transaction<any, any>;

export interface MetadataStatistics {
  /** Transactions waiting for the writer. */
  queued: number;
  /** Groups committed since the start, and the transactions in them. */
  groups: number;
  transactions: number;
}

/**
 * The metadata database.
 *
 * Durable: when `write` resolves, the transaction survives a power cut. Isolated: bodies see one another only in one serial order
 * (SQLite: one writer; PostgreSQL: the row locks that the body takes). Retried by: nobody, unless the body is known not to have
 * committed. A failed commit whose outcome is unknown throws metadata_unavailable; the caller re-reads, never guesses.
 */
export interface Metadata {
  readonly dialect: 'sqlite' | 'postgresql';
  /** Servers of other processes may write to it at the same time. */
  readonly shared: boolean;
  /** Autocommitted reads of committed state; sees every write that resolved before. Never used to write. */
  readonly read: Db;
  write<Input, Output>(transaction: Transaction<Input, Output>, input: Input): Promise<Output>;
  /**
   * Reads one committed state, whatever is written meanwhile, on a connection of its own. Ends with the callback, whose queries may
   * not outlive it. What it holds back (SQLite: the log, PostgreSQL: the vacuum) is held back for as long: read and be gone.
   */
  snapshot<Output>(read: (db: Db) => Promise<Output>): Promise<Output>;
  statistics(): MetadataStatistics;
  health(): Promise<'ok' | 'unavailable'>;
  close(): Promise<void>;
}
