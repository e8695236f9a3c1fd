import { runWriter } from '#platform/metadata/sqlite/writer.ts';
import { contractTransactions } from './transactions.ts';

runWriter(contractTransactions);
