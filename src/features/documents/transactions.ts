import { documentTransactions as ofDocuments } from './documents.transactions.ts';
import { groupTransactions } from './groups/groups.transactions.ts';
import { shareTransactions } from './shares/shares.transactions.ts';

/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export const documentTransactions = [...ofDocuments, ...groupTransactions, ...shareTransactions];
