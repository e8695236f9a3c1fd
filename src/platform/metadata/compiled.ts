import type { Compilable, CompiledQuery } from 'kysely';
import type { Db } from './metadata.ts';

/** A query whose SQL is made once, at its first use; afterwards only its parameters are filled in. */
export interface CompiledStatement<Input, Row> {
  rows(db: Db, input: Input): Promise<Row[]>;
  first(db: Db, input: Input): Promise<Row | undefined>;
  /** For a statement that returns no rows: how many it wrote. */
  changes(db: Db, input: Input): Promise<number>;
}

/** Stands in the query where a field of the input will be. */
class Slot {
  readonly field: PropertyKey;

  constructor(field: PropertyKey) {
    this.field = field;
  }
}

const repeated = new WeakSet<object>();

/** Whether a query comes from `compiled`, so that its text will come again and is worth preparing in the database. */
export function isCompiled(query: CompiledQuery<unknown>): boolean {
  return repeated.has(query.queryId);
}

/**
 * Prepares a query for a hot path: building and compiling one with Kysely costs several times what SQLite needs to run it.
 *
 *     const findChunk = compiled((db, by: { id: string }) => db.selectFrom('chunks').selectAll().where('id', '=', by.id));
 *     const chunk = await findChunk.first(trx, { id });
 *
 * `build` runs once with placeholders for values: it must name each field it uses, and may neither look at one nor spread them.
 * A list of varying length (`in`) and a null where SQL wants `is null` need a query of their own.
 */
export function compiled<Input extends object, Row>(
  build: (db: Db, input: Input) => Compilable<Row>,
): CompiledStatement<Input, Row> {
  // By the adapter, of which each dialect has one: the same statement may run on both databases in one process.
  const byDialect = new WeakMap<object, CompiledQuery<Row>>();
  // Every field of it is a Slot, which Kysely takes for a value; build's contract keeps anyone else from seeing one.
  const slots = new Proxy({}, { get: (_, field) => new Slot(field), ownKeys: refuseToSpread }) as Input;

  const execute = (db: Db, input: Input) => {
    const executor = db.getExecutor();
    let query = byDialect.get(executor.adapter);
    if (query === undefined) {
      query = build(db, slots).compile();
      byDialect.set(executor.adapter, query);
      repeated.add(query.queryId);
    }
    const values = input as Record<PropertyKey, unknown>;
    const parameters = query.parameters.map((value) => (value instanceof Slot ? values[value.field] : value));
    return executor.executeQuery<Row>({ ...query, parameters });
  };

  return {
    rows: async (db, input) => (await execute(db, input)).rows,
    first: async (db, input) => (await execute(db, input)).rows[0],
    changes: async (db, input) => Number((await execute(db, input)).numAffectedRows ?? 0),
  };
}

function refuseToSpread(): never {
  throw new TypeError('A compiled query names its fields one by one.');
}
