export type { AccountConfig } from './accounts.config.ts';
export { accountJson, accountShape } from './accounts.json.ts';
export { accountRoutes, quotaLimit } from './accounts.routes.ts';
export { assertPassword } from './accounts.rules.ts';
export {
  type AccountRow,
  accountById,
  accountByUsername,
  administratorExists,
  listAccounts,
  openSessionsOf,
  type SessionRow,
  usernamesOf,
} from './accounts.store.ts';
export type { AccountsTable } from './accounts.tables.ts';
export {
  closeSessionTransaction,
  revokeSessionsTransaction,
  setQuotaTransaction,
} from './accounts.transactions.ts';
export { type BrowserVisit, type BrowserVisits, browserVisits } from './browser/browser-visits.ts';
export { sweepSessions } from './browser/sweep-sessions.ts';
export { resetPassword } from './change-password.ts';
export { createAccount } from './create-account.ts';
export { sessionIdentifier } from './identify-session.ts';
export { logIn } from './log-in.ts';
export { hashPassword, passwordMatches } from './passwords.ts';
