import type { Kysely } from 'kysely';
import { Problem } from '#kit/errors.ts';
import { violatedConstraint } from '#platform/metadata/constraint.ts';
import { type AnyTransaction, type Db, transaction } from '#platform/metadata/metadata.ts';

/** Any table, any column: the suite must not depend on what the slices declare. */
type AnyTables = Record<string, Record<string, unknown>>;

export function anyTables(db: Db): Kysely<AnyTables> {
  return db.withTables<AnyTables>();
}

export interface Row {
  table: string;
  values: Record<string, unknown>;
}

/** Inserts rows; a broken constraint becomes a Problem that names its kind. */
export const insertRows = transaction('contract.insert-rows', async (trx, rows: Row[]) => {
  for (const { table, values } of rows) {
    try {
      await anyTables(trx).insertInto(table).values(values).execute();
    } catch (error) {
      const violated = violatedConstraint(error);
      if (violated === undefined) throw error;
      throw new Problem('invalid_request', { body: { violated } });
    }
  }
  return rows.length;
});

export const insertUncaught = transaction('contract.insert-uncaught', async (trx, { table, values }: Row) => {
  await anyTables(trx).insertInto(table).values(values).execute();
});

/** ON CONFLICT DO NOTHING: true for the one that made the row. */
export const claimRow = transaction('contract.claim-row', async (trx, { table, values }: Row) => {
  const made = await anyTables(trx)
    .insertInto(table)
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute();
  return made.length === 1;
});

export const deleteRow = transaction('contract.delete-row', async (trx, input: { table: string; id: string }) => {
  const result = await anyTables(trx).deleteFrom(input.table).where('id', '=', input.id).executeTakeFirst();
  return Number(result.numDeletedRows);
});

export const updateRow = transaction('contract.update-row', async (trx, input: Row & { id: string }) => {
  const query = anyTables(trx).updateTable(input.table).set(input.values).where('id', '=', input.id);
  return Number((await query.executeTakeFirst()).numUpdatedRows);
});

/** Writes, then refuses: nothing of it may stay. */
export const insertThenRefuse = transaction('contract.insert-then-refuse', async (trx, rows: Row[]) => {
  for (const { table, values } of rows) await anyTables(trx).insertInto(table).values(values).execute();
  throw new Problem('quota_exceeded', {
    message: 'Refused on purpose.',
    body: { rows: rows.length },
    retryAfterSeconds: 7,
  });
});

/** Reads its own write back, then adds one: lost updates would show in the sum. */
export const addBytes = transaction('contract.add-bytes', async (trx, input: { accountId: string; bytes: number }) => {
  const account = await anyTables(trx)
    .updateTable('accounts')
    .set((eb) => ({ bytes_used: eb('bytes_used', '+', input.bytes) }))
    .where('id', '=', input.accountId)
    .returning('bytes_used')
    .executeTakeFirstOrThrow();
  return Number(account.bytes_used);
});

/** Numbers its row by what it finds: a body that another could see or overtake would give a number twice. */
export const appendChunk = transaction('contract.append-chunk', async (trx, row: Row) => {
  const db = anyTables(trx);
  await db.selectFrom('media_streams').select('id').where('id', '=', row.values.stream_id).forNoKeyUpdate().execute();
  const found = await db
    .selectFrom('chunks')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('stream_id', '=', row.values.stream_id)
    .executeTakeFirstOrThrow();
  const chunk_index = Number(found.n) + 1;
  await db
    .insertInto('chunks')
    .values({ ...row.values, chunk_index })
    .execute();
  return chunk_index;
});

export const echo = transaction('contract.echo', async (_trx, input: unknown) => input);
export const breakDown = transaction('contract.break-down', async (): Promise<void> => {
  throw new RangeError('a detail that no caller may see');
});
export const answerWithFunction = transaction(
  'contract.answer-with-function',
  async (trx, row: Row): Promise<unknown> => {
    await anyTables(trx).insertInto(row.table).values(row.values).execute();
    return { callback: () => 1 };
  },
);

export const bindValue = transaction('contract.bind-value', async (trx, value: unknown) => {
  await anyTables(trx).updateTable('accounts').set({ username: value }).where('id', '=', 'nobody').execute();
});

export const contractTransactions: readonly AnyTransaction[] = [
  insertRows,
  insertUncaught,
  claimRow,
  deleteRow,
  updateRow,
  insertThenRefuse,
  addBytes,
  appendChunk,
  echo,
  breakDown,
  answerWithFunction,
  bindValue,
];
