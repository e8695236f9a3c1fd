import { runWriter } from '#platform/metadata/sqlite/writer.ts';
import { faultyTransactions } from './faulty.ts';

runWriter(faultyTransactions);
