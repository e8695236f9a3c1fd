import { canCross } from '#platform/metadata/can-cross.ts';
import { type AnyTransaction, onLastWrites } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import type { Answer, Connection } from './connection.ts';
import { type Session, trxOver } from './executor.ts';
import { PostgresFailure } from './failure.ts';

/** How one run of a body ended. `unknown`: the connection broke while the commit was under way. */
export type Ended =
  | { readonly state: 'committed'; readonly output: unknown }
  /** It wrote, but what it had to say is lost: it threw after its last writes. */
  | { readonly state: 'committed_in_error'; readonly error: unknown }
  | { readonly state: 'rolled_back'; readonly error: unknown }
  | { readonly state: 'unknown'; readonly error: PostgresFailure };

/** Minutes for what nobody waits for. */
export const patientMs = 15 * 60_000;

function beginOf({ serializable, patient }: AnyTransaction): string {
  const begin = `BEGIN${serializable === true ? ' ISOLATION LEVEL SERIALIZABLE' : ''} READ WRITE`;
  if (patient !== true) return begin;
  return `${begin}; SET LOCAL statement_timeout = ${patientMs}; SET LOCAL idle_in_transaction_session_timeout = 60000`;
}

/** The queries of one body. None runs after its end, where it would land in somebody else's transaction. */
class BodySession implements Session {
  readonly #connection: Connection;
  ended = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  run(text: string, values: (string | Buffer | null)[], prepare: boolean): Promise<Answer> {
    if (this.ended) throw new Error('A query ran after its transaction had ended. Await every query.');
    return this.#connection.query(text, values, prepare);
  }
}

/** Runs a body once, on a connection that is its own meanwhile. BEGIN travels with its first queries. Never rejects. */
export async function attempt(connection: Connection, transaction: AnyTransaction, input: unknown): Promise<Ended> {
  const begun = settled(connection.query(beginOf(transaction)));
  const session = new BodySession(connection);
  const trx = trxOver(session);
  let committing: Promise<Answer | PostgresFailure> | undefined;
  const commit = () => {
    session.ended = true;
    failpoint('before-db-commit');
    committing ??= settled(connection.query('COMMIT'));
    return committing;
  };
  onLastWrites(trx, () => void commit());

  let output: unknown;
  let thrown: { error: unknown } | undefined;
  try {
    output = await transaction.body(trx, input);
    if (!canCross(output)) throw new TypeError('The output cannot be carried between threads.');
  } catch (error) {
    thrown = { error };
  }
  session.ended = true;

  if (thrown !== undefined && committing === undefined) {
    const undone = await settled(connection.query('ROLLBACK'));
    if (undone instanceof PostgresFailure) connection.destroy();
    return { state: 'rolled_back', error: (await failureOf(begun)) ?? thrown.error };
  }
  const answer = await commit();
  // Behind a BEGIN that failed, the read-only session let nothing be written, whatever the COMMIT says.
  const notBegun = await failureOf(begun);
  if (notBegun !== undefined) return { state: 'rolled_back', error: notBegun };
  if (answer instanceof PostgresFailure)
    return answer.lost ? { state: 'unknown', error: answer } : { state: 'rolled_back', error: answer };
  // The server rolls back, and says so, when a statement before failed.
  if (answer.command !== 'COMMIT')
    return { state: 'rolled_back', error: thrown?.error ?? new Error('A statement failed and the body went on.') };
  failpoint('after-db-commit');
  return thrown === undefined ? { state: 'committed', output } : { state: 'committed_in_error', error: thrown.error };
}

/** Sent without being waited for; so its failure is a value until somebody asks. */
function settled(answer: Promise<Answer>): Promise<Answer | PostgresFailure> {
  return answer.catch((error: unknown) => (error instanceof PostgresFailure ? error : new PostgresFailure(error)));
}

async function failureOf(answer: Promise<Answer | PostgresFailure>): Promise<PostgresFailure | undefined> {
  const result = await answer;
  return result instanceof PostgresFailure ? result : undefined;
}
