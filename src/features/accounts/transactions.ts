/** A door of its own beside index.ts: the writer thread loads these and none of the routes. */
export { accountTransactions } from './accounts.transactions.ts';
