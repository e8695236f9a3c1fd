import type { DatabaseSync } from 'node:sqlite';
import { canCross } from '#platform/metadata/can-cross.ts';
import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { type Session, trxOver } from './executor.ts';
import { isDatabaseFailure } from './result-codes.ts';
import type { StatementResult, Statements } from './statements.ts';

/** How a body ended. */
export type Ended = { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly error: unknown };

/** The queries of one body. They end with it: one that was not awaited would otherwise land in the next body's savepoint. */
class BodySession implements Session {
  readonly #runner: BodyRunner;
  ended = false;

  constructor(runner: BodyRunner) {
    this.#runner = runner;
  }

  run(sql: string, parameters: readonly unknown[]): StatementResult {
    if (this.ended) throw new Error('A query ran after its transaction had ended. Await every query.');
    return this.#runner.query(sql, parameters);
  }
}

/**
 * Runs bodies to their end, one at a time. The driver under them is synchronous, so a body that only queries settles within the
 * microtasks of one turn; one still open when the event loop turns waits for something else, and holds up every writer.
 */
export class BodyRunner {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #giveUp: ((ended: Ended) => void) | undefined;
  #current = '';
  #watching = false;
  /** Set when the database failed inside the group; a body may swallow the error, the group must not. */
  databaseFailure: unknown;

  constructor(database: DatabaseSync, statements: Statements) {
    this.#database = database;
    this.#statements = statements;
  }

  async run(transaction: AnyTransaction, input: unknown): Promise<Ended> {
    this.databaseFailure = undefined;
    const session = new BodySession(this);
    this.#current = transaction.name;
    this.#watch();
    const ended = await new Promise<Ended>((resolve) => {
      this.#giveUp = resolve;
      Promise.try(transaction.body, trxOver(session), input).then(
        (output: unknown) => resolve({ ok: true, output }),
        (error: unknown) => resolve({ ok: false, error }),
      );
    });
    this.#giveUp = undefined;
    session.ended = true;
    if (ended.ok && !canCross(ended.output)) {
      return { ok: false, error: new TypeError('The output cannot be carried between threads.') };
    }
    return ended;
  }

  query(sql: string, parameters: readonly unknown[]): StatementResult {
    if (this.databaseFailure !== undefined) throw this.databaseFailure;
    try {
      return this.#statements.run(sql, parameters);
    } catch (error) {
      // SQLite itself may have rolled everything back; what follows would then run outside any transaction.
      if (isDatabaseFailure(error) || !this.#database.isTransaction) this.databaseFailure = error;
      throw error;
    }
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    setImmediate(() => {
      this.#watching = false;
      if (this.#giveUp === undefined) return;
      const error = new Error(`${this.#current} waited for something other than its queries.`);
      this.#giveUp({ ok: false, error });
      this.#watch();
    });
  }
}
