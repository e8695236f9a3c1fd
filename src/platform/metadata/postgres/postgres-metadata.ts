import { isProblem, Problem, problemFromData, problemToData } from '#kit/errors.ts';
import type { AnyTransaction, Db, Metadata, MetadataStatistics, Transaction } from '#platform/metadata/metadata.ts';
import { attempt, type Ended, patientMs } from './attempt.ts';
import type { Answer, Connection } from './connection.ts';
import { dbOver } from './executor.ts';
import { isConflict, isOutdated, PostgresFailure, problemOf, sqlState } from './failure.ts';
import type { Pool } from './pool.ts';
import { Turns } from './turns.ts';

/** The part of a pino logger that is used here. */
export interface MetadataLog {
  error(detail: object, message: string): void;
}

export interface PostgresMetadataOptions {
  pool: Pool;
  transactions: readonly AnyTransaction[];
  /** Transactions that hold a connection at once; fewer than there are connections. */
  maxWriters: number;
  maxQueued: number;
  log: MetadataLog | undefined;
}

/** With the limits of the sessions (connection.ts): no request waits longer than 30 s. */
const readWithinMs = 8000;
/** With what is asked again when a connection turns out to be dead: a commit in doubt is read back after all of `writeWithinMs`. */
const readAgainWithinMs = 12_000;
const writeWithinMs = 12_000;
const healthWithinMs = 2000;
/** A pool may hold several connections that died unseen. */
const maxLost = 3;
const maxConflicts = 12;

/** What a transaction may be run again for, and how often it was. */
interface Repeats {
  duplicates: number;
  conflicts: number;
  lost: number;
}

export class PostgresMetadata implements Metadata {
  readonly dialect = 'postgresql';
  readonly shared = true;
  readonly read: Db;
  readonly #options: PostgresMetadataOptions;
  readonly #names: ReadonlySet<string>;
  readonly #turns: Turns;
  #running = 0;
  #committed = 0;
  #closed: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(options: PostgresMetadataOptions) {
    this.#options = options;
    this.#names = new Set(options.transactions.map(({ name }) => name));
    this.#turns = new Turns(options.maxWriters);
    this.read = dbOver({ run: (text, values, prepare) => this.#readOnce(text, values, prepare) });
  }

  async write<Input, Output>(transaction: Transaction<Input, Output>, input: Input): Promise<Output> {
    if (this.#closed !== undefined) throw new Problem('shutting_down');
    if (this.#running >= this.#options.maxQueued) throw new Problem('metadata_unavailable', { retryAfterSeconds: 1 });
    if (!this.#names.has(transaction.name))
      throw new Error(`The database does not know the transaction ${transaction.name}: register its slice.`);
    this.#running += 1;
    try {
      const own = clone(transaction.name, input);
      const deadline = performance.now() + (transaction.patient === true ? patientMs : writeWithinMs);
      await this.#turns.take(writeWithinMs);
      try {
        // The body of this very transaction made it.
        return (await this.#untilItEnds(transaction, own, deadline)) as Output;
      } finally {
        this.#turns.done();
      }
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** Runs the body as often as its failures allow. Throws a Problem. */
  async #untilItEnds(transaction: AnyTransaction, input: unknown, deadline: number): Promise<unknown> {
    const repeats: Repeats = { duplicates: 0, conflicts: 0, lost: 0 };
    for (;;) {
      const ended = await this.#runOnce(transaction, input, deadline);
      switch (ended.state) {
        case 'committed':
          this.#committed += 1;
          return ended.output;
        case 'committed_in_error':
          throw this.#defect(transaction, ended.error);
        case 'unknown':
          this.#options.log?.error(
            { transaction: transaction.name, code: ended.error.code },
            'metadata: a commit is in doubt',
          );
          throw new Problem('metadata_unavailable', { cause: ended.error });
        case 'rolled_back':
          if (!(await mayRepeat(ended.error, repeats, deadline))) throw this.#problemOf(transaction, ended.error);
      }
    }
  }

  async #runOnce(transaction: AnyTransaction, input: unknown, deadline: number): Promise<Ended> {
    let connection: Connection;
    try {
      connection = await this.#options.pool.take(Math.max(0, Math.min(readWithinMs, deadline - performance.now())));
    } catch (error) {
      return { state: 'rolled_back', error };
    }
    // Whatever hangs, the caller gets an answer: without its connection everything under way fails.
    const timer = setTimeout(() => connection.destroy(), Math.max(0, deadline - performance.now()));
    try {
      const ended = await attempt(connection, transaction, input);
      if (ended.state === 'rolled_back' && ended.error instanceof PostgresFailure && needsNewConnection(ended.error))
        connection.destroy();
      return ended;
    } finally {
      clearTimeout(timer);
      this.#options.pool.give(connection);
    }
  }

  async #readOnce(
    text: string,
    values: (string | Buffer | null)[],
    prepare: boolean,
    before = 0,
    deadline = performance.now() + readAgainWithinMs,
  ): Promise<Answer> {
    const leftMs = () => Math.max(0, Math.min(readWithinMs, deadline - performance.now()));
    try {
      const connection = await this.#options.pool.take(leftMs());
      const timer = setTimeout(() => connection.destroy(), leftMs());
      try {
        return await connection.query(text, values, prepare);
      } catch (error) {
        if (error instanceof PostgresFailure && needsNewConnection(error)) connection.destroy();
        throw error;
      } finally {
        clearTimeout(timer);
        this.#options.pool.give(connection);
      }
    } catch (error) {
      if (!(error instanceof PostgresFailure)) throw error;
      // Reading changes nothing, so it may simply be asked again.
      if (before < maxLost && (error.lost || isOutdated(error)) && error.code !== 'ECONNREFUSED')
        return await this.#readOnce(text, values, prepare, before + 1, deadline);
      throw problemOf(error) ?? error;
    }
  }

  #problemOf(transaction: AnyTransaction, error: unknown): Problem {
    // As over a thread: what the body threw, without what it was made from.
    if (isProblem(error)) return problemFromData(problemToData(error));
    const problem = error instanceof PostgresFailure ? problemOf(error) : undefined;
    if (problem === undefined) return this.#defect(transaction, error);
    const { code } = error instanceof PostgresFailure ? error : { code: '' };
    this.#options.log?.error({ transaction: transaction.name, code }, 'metadata: a transaction failed');
    return problem;
  }

  #defect(transaction: AnyTransaction, error: unknown): Problem {
    this.#options.log?.error({ transaction: transaction.name, err: error }, 'metadata: a transaction failed');
    return new Problem('internal_error');
  }

  /** One committed state for as long as the callback reads. */
  async snapshot<Output>(read: (db: Db) => Promise<Output>): Promise<Output> {
    if (this.#closed !== undefined) throw new Problem('shutting_down');
    const connection = await this.#options.pool.take(readWithinMs);
    try {
      await connection.query(
        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${patientMs}; SET LOCAL idle_in_transaction_session_timeout = 0`,
      );
      return await read(dbOver({ run: (text, values, prepare) => connection.query(text, values, prepare) }));
    } finally {
      await connection.query('ROLLBACK').catch(() => connection.destroy());
      this.#options.pool.give(connection);
    }
  }

  statistics(): MetadataStatistics {
    return { queued: this.#running, groups: this.#committed, transactions: this.#committed };
  }

  /** Asks the server itself whether it takes writes. */
  async health(): Promise<'ok' | 'unavailable'> {
    if (this.#closed !== undefined) return 'unavailable';
    const deadline = performance.now() + healthWithinMs;
    try {
      const connection = await this.#options.pool.take(healthWithinMs);
      const timer = setTimeout(() => connection.destroy(), Math.max(0, deadline - performance.now()));
      try {
        const { rows } = await connection.query('SELECT pg_is_in_recovery()::int AS recovering');
        return rows[0]?.recovering === 0 ? 'ok' : 'unavailable';
      } finally {
        clearTimeout(timer);
        this.#options.pool.give(connection);
      }
    } catch {
      return 'unavailable';
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await this.#options.pool.close();
  }
}

function clone(name: string, input: unknown): unknown {
  try {
    return structuredClone(input);
  } catch (cause) {
    throw new TypeError(`The input of ${name} cannot be carried between threads.`, { cause });
  }
}

function needsNewConnection(failure: PostgresFailure): boolean {
  return failure.lost || isOutdated(failure) || failure.code === sqlState.readOnlyTransaction;
}

/** Only what is known to have left nothing is run again. */
async function mayRepeat(error: unknown, repeats: Repeats, deadline: number): Promise<boolean> {
  if (!(error instanceof PostgresFailure)) return false;
  if (error.code === sqlState.uniqueViolation) {
    // Somebody was faster: the row is there to be found by now.
    repeats.duplicates += 1;
    return repeats.duplicates === 1;
  }
  if (isOutdated(error) || (error.lost && error.code !== 'ECONNREFUSED')) {
    repeats.lost += 1;
    return repeats.lost < maxLost;
  }
  if (!isConflict(error)) return false;
  repeats.conflicts += 1;
  const pauseMs = Math.min(400, 4 * 2 ** repeats.conflicts) * Math.random();
  if (repeats.conflicts > maxConflicts || performance.now() + pauseMs > deadline) return false;
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  return true;
}
