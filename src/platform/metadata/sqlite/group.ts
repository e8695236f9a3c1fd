import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isProblem, Problem, problemToData } from '#kit/errors.ts';
import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { BodyRunner, type Ended } from './body.ts';
import type { ErrorDetail, Failure, Outcome, Request } from './messages.ts';
import { extendedCode, isLastingFailure, problemOfFailure } from './result-codes.ts';
import { Statements } from './statements.ts';

/**
 * Runs groups of transactions on the one writing connection: the bodies of a group one after another inside one
 * BEGIN IMMEDIATE … COMMIT, so that they share one flush of the WAL.
 *
 * A savepoint makes SQLite copy each page that the body touches, a third more work than the insert itself. So a body gets one
 * only if its transaction was seen to throw after it had written; the first time that happens the group starts over. Most
 * refusals come before the first write and have nothing to undo.
 */
export class GroupRunner {
  readonly #transactions: readonly AnyTransaction[];
  readonly #statements: Statements;
  readonly #bodies: BodyRunner;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #undo: StatementSync;
  readonly #needsSavepoint = new Set<AnyTransaction>();
  /** Why nothing is written any more, once that is so. */
  #lasting: Problem | undefined;

  constructor(database: DatabaseSync, transactions: readonly AnyTransaction[]) {
    this.#database = database;
    this.#transactions = transactions;
    this.#statements = new Statements(database);
    this.#bodies = new BodyRunner(database, this.#statements);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#savepoint = database.prepare('SAVEPOINT body');
    this.#release = database.prepare('RELEASE body');
    this.#undo = database.prepare('ROLLBACK TO body');
  }

  get failedForGood(): boolean {
    return this.#lasting !== undefined;
  }

  /** Takes note of a failure outside a group, such as a checkpoint's. */
  note(error: unknown): void {
    if (isLastingFailure(error)) this.#lasting ??= new Problem('metadata_unavailable', { cause: error });
  }

  /** The outcomes in the order of the requests. Resolves only after the commit, never rejects. */
  async run(requests: readonly Request[]): Promise<Outcome[]> {
    if (this.#lasting !== undefined) return this.#failAll(requests, this.#lasting);
    try {
      this.#begin.run();
      let outcomes = await this.#runBodies(requests);
      while (outcomes === undefined) {
        this.#database.exec('ROLLBACK');
        this.#begin.run();
        outcomes = await this.#runBodies(requests);
      }
      failpoint('before-db-commit');
      this.#commit.run();
      failpoint('after-db-commit');
      return outcomes;
    } catch (error) {
      return this.#failAll(requests, this.#abandon(error));
    }
  }

  /** Undefined: start over. Rejects when the database failed, and the whole group is lost. */
  async #runBodies(requests: readonly Request[]): Promise<Outcome[] | undefined> {
    const outcomes: Outcome[] = [];
    for (const { transaction: index, input } of requests) {
      const transaction = this.#transactions[index];
      if (transaction === undefined) throw new Error('A request names no transaction.');
      const outcome = await this.#runOne(transaction, input);
      if (outcome === undefined) return undefined;
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /** Undefined: it threw after writing, and there is no savepoint to go back to; the next time there will be. */
  async #runOne(transaction: AnyTransaction, input: unknown): Promise<Outcome | undefined> {
    const inSavepoint = this.#needsSavepoint.has(transaction);
    if (inSavepoint) this.#savepoint.run();
    this.#statements.wrote = false;
    const ended = await this.#bodies.run(transaction, input);
    if (this.#bodies.databaseFailure !== undefined) throw this.#bodies.databaseFailure;
    if (!ended.ok && !inSavepoint && this.#statements.wrote) {
      this.#needsSavepoint.add(transaction);
      return undefined;
    }
    if (inSavepoint) {
      if (!ended.ok) this.#undo.run();
      this.#release.run();
    }
    return ended.ok ? { output: ended.output } : { failure: failureOf(transaction, ended) };
  }

  #abandon(error: unknown): Problem {
    const problem = problemOfFailure(error);
    this.note(error);
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch (rollbackError) {
      // Without a rollback the next group would find itself inside this one.
      this.#lasting = new Problem('metadata_unavailable', { cause: rollbackError });
    }
    return problem;
  }

  #failAll(requests: readonly Request[], problem: Problem): Outcome[] {
    const failure: Failure = { kind: 'problem', problem: problemToData(problem), detail: errorDetail(problem.cause) };
    return requests.map(() => ({ failure }));
  }
}

function failureOf(transaction: AnyTransaction, { error }: Extract<Ended, { ok: false }>): Failure {
  if (isProblem(error)) return { kind: 'problem', problem: problemToData(error) };
  return { kind: 'defect', transaction: transaction.name, detail: errorDetail(error) };
}

export function errorDetail(error: unknown): ErrorDetail {
  if (!(error instanceof Error))
    return { name: typeof error, message: String(error), stack: undefined, sqliteCode: undefined };
  return { name: error.name, message: error.message, stack: error.stack, sqliteCode: extendedCode(error) };
}
