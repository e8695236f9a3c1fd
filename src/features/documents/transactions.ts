import { documentTransactions as ownTransactions } from './documents.transactions.ts';
import { groupTransactions } from './groups/groups.transactions.ts';
import { documentJobEndings } from './jobs/document-job-endings.ts';
import { processingTransactions } from './processing/processing.transactions.ts';
import { shareTransactions } from './shares/shares.transactions.ts';

/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export const documentTransactions = [
  ...ownTransactions,
  ...groupTransactions,
  ...shareTransactions,
  ...Object.values(documentJobEndings),
  ...processingTransactions,
];
