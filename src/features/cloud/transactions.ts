import { connectionTransactions } from './cloud.transactions.ts';
import { transferTransactions } from './transfer/transfer.transactions.ts';

/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export const cloudTransactions = [...connectionTransactions, ...transferTransactions];
