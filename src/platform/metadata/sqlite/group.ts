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
 * BEGIN IMMEDIATE … COMMIT, so that they share one flush of the WAL, each in a savepoint of its own.
 */
export class GroupRunner {
  readonly #transactions: readonly AnyTransaction[];
  readonly #bodies: BodyRunner;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #undo: StatementSync;
  /** Why nothing is written any more, once that is so. */
  #lasting: Problem | undefined;

  constructor(database: DatabaseSync, transactions: readonly AnyTransaction[]) {
    this.#database = database;
    this.#transactions = transactions;
    this.#bodies = new BodyRunner(database, new Statements(database));
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#savepoint = database.prepare('SAVEPOINT body');
    this.#release = database.prepare('RELEASE body');
    this.#undo = database.prepare('ROLLBACK TO body');
  }

  get failedForGood(): boolean {
    return this.#lasting !== undefined;
  }

  /** The outcomes in the order of the requests. Resolves only after the commit, never rejects. */
  async run(requests: readonly Request[]): Promise<Outcome[]> {
    if (this.#lasting !== undefined) return this.#failAll(requests, this.#lasting);
    try {
      const outcomes: Outcome[] = [];
      this.#begin.run();
      for (const request of requests) outcomes.push(await this.#runOne(request));
      failpoint('before-db-commit');
      this.#commit.run();
      failpoint('after-db-commit');
      return outcomes;
    } catch (error) {
      return this.#failAll(requests, this.#abandon(error));
    }
  }

  /** Rejects only when the database failed under it: then the whole group is lost. */
  async #runOne({ transaction: index, input }: Request): Promise<Outcome> {
    const transaction = this.#transactions[index];
    if (transaction === undefined) throw new Error('A request names no transaction.');
    this.#savepoint.run();
    const ended = await this.#bodies.run(transaction, input);
    if (this.#bodies.databaseFailure !== undefined) throw this.#bodies.databaseFailure;
    if (ended.ok) {
      this.#release.run();
      return { output: ended.output };
    }
    this.#undo.run();
    this.#release.run();
    return { failure: failureOf(transaction, ended) };
  }

  #abandon(error: unknown): Problem {
    const problem = problemOfFailure(error);
    if (isLastingFailure(error)) this.#lasting = new Problem('metadata_unavailable', { cause: error });
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
