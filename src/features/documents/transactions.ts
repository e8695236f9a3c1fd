/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
import { documentTransactions as ownTransactions } from './documents.transactions.ts';
import { documentJobEndings } from './jobs/document-job-endings.ts';

export const documentTransactions = [...ownTransactions, ...Object.values(documentJobEndings)];
