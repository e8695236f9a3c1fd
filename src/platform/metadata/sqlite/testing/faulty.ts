import { sql } from 'kysely';
import { type AnyTransaction, transaction } from '#platform/metadata/metadata.ts';

export const put = transaction('faulty.put', async (trx, id: string) => {
  await sql`INSERT INTO audit_log (id, at, actor, action, subject_type, outcome)
    VALUES (${id}, '2026', 'server', 'put', ${'x'.repeat(1000)}, 'done')`.execute(trx);
  return id;
});

/** Ends the thread in the middle of a group. */
export const die = transaction('faulty.die', async (): Promise<void> => {
  process.exit(3);
});

export const faultyTransactions: readonly AnyTransaction[] = [put, die];
