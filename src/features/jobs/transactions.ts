/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export { jobTransactions } from './jobs.transactions.ts';
