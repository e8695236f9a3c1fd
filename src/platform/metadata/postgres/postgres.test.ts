import { contractTransactions } from '#platform/metadata/contract/transactions.ts';
import { metadataContract } from '#platform/metadata/metadata.contract.ts';
import { testDatabases } from './testing/databases.ts';

const databases = testDatabases();

metadataContract('PostgreSQL', async () => await databases.open(await databases.migrated(), contractTransactions));
