import { runWriter } from '#platform/metadata/sqlite/writer.ts';
import { transactions } from '../transactions.ts';

runWriter(transactions);
