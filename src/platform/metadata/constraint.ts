export type Constraint = 'unique' | 'foreign_key' | 'check' | 'not_null';

// SQLite's extended result codes and PostgreSQL's SQLSTATEs. 3091 is a STRICT table refusing a value's type; 22… are its like.
const constraints = new Map<unknown, Constraint>([
  [2067, 'unique'],
  [1555, 'unique'],
  [787, 'foreign_key'],
  [275, 'check'],
  [3091, 'check'],
  [1299, 'not_null'],
  ['23505', 'unique'],
  ['23503', 'foreign_key'],
  ['23514', 'check'],
  ['22P02', 'check'],
  ['22003', 'check'],
  ['22007', 'check'],
  ['22008', 'check'],
  ['23502', 'not_null'],
]);

/**
 * The kind of constraint that a failed statement broke; undefined for any other error. A body may catch it to throw a Problem.
 * To carry on instead, use ON CONFLICT: after a failed statement PostgreSQL takes no other in that transaction.
 */
export function violatedConstraint(error: unknown): Constraint | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error) return constraints.get(error.errcode);
  if ('code' in error) return constraints.get(error.code);
  return undefined;
}
