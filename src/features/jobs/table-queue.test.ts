import type { Metadata } from '#platform/metadata/metadata.ts';
import { testDatabases, testOnPostgres } from '#platform/metadata/postgres/testing/databases.ts';
import { openSqliteInline } from '#platform/metadata/sqlite/inline.ts';
import { scratchFile } from '#platform/metadata/sqlite/testing/scratch.ts';
import { createLog } from '#platform/process/log.ts';
import { postgresBinaries } from '../../../test/support/services/postgres.ts';
import { contractTransactions } from './contract/effects.ts';
import { jobQueueContract } from './job-queue.contract.ts';
import type { JobConfig } from './jobs.config.ts';
import { TableQueue } from './table-queue.ts';

const overTable = (open: () => Promise<Metadata>) => async () => {
  const metadata = await open();
  return {
    metadata,
    queue: async (config: JobConfig) => new TableQueue({ ...config, log: createLog('silent') }),
    close: () => metadata.close(),
  };
};

jobQueueContract(
  'The table on SQLite',
  overTable(async () => openSqliteInline({ path: scratchFile(), transactions: contractTransactions })),
);

const databases = testDatabases();
if (postgresBinaries() === undefined)
  testOnPostgres('The table on PostgreSQL as the queue of jobs', async () => undefined);
else
  jobQueueContract(
    'The table on PostgreSQL',
    overTable(async () => await databases.open(await databases.migrated(), contractTransactions)),
  );
