import { transaction } from '#platform/metadata/metadata.ts';
import type { LineageDaysTable } from './lineage-index.tables.ts';

/** Replaces what was known of the day. */
export const keepDayTransaction = transaction('lineage.keep-day', async (trx, row: LineageDaysTable) => {
  const { manifest, version } = row;
  await trx
    .insertInto('lineage_days')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['organization', 'project', 'service', 'day']).doUpdateSet({ manifest, version }),
    )
    .execute();
});

export const lineageTransactions = [keepDayTransaction];
