import { runWriter } from '#platform/metadata/sqlite/writer.ts';
import { benchTransactions } from './chunk-rows.ts';

runWriter(benchTransactions);
