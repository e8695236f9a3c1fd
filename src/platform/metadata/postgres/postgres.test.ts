import { contractTransactions } from '#platform/metadata/contract/transactions.ts';
import { postgresContract, testDatabases } from './testing/databases.ts';

const databases = testDatabases();

postgresContract('PostgreSQL', async () => await databases.open(await databases.migrated(), contractTransactions));
