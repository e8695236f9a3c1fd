import type { Metadata } from '#platform/metadata/metadata.ts';
import { failpoint } from '#platform/process/failpoint.ts';
import { atOnce } from './at-once.ts';
import type { RowSource } from './rows.ts';
import { insertRowsTransaction } from './transactions.ts';
import type { Tell } from './transfer-events.ts';

const lanes = 4;

/** All rows, table after table, so that none refers to one that is not there yet. */
export async function insertRows(metadata: Metadata, source: RowSource, tell: Tell): Promise<void> {
  for (const table of source.tables) {
    let count = 0;
    await atOnce(source.pages(table), lanes, async (rows) => {
      if (rows.length === 0) return;
      await metadata.write(insertRowsTransaction, { table: table.name, rows });
      failpoint('transfer-page-written');
      count += rows.length;
    });
    tell({ event: 'table', table: table.name, rows: count });
  }
}
