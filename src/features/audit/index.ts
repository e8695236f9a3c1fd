export { auditRoutes } from './audit.routes.ts';
export { type Actor, type AuditEntry, appendAudit, auditEntry, listAudit } from './audit.store.ts';
export type { AuditLogTable } from './audit.tables.ts';
export { recordAuditTransaction } from './audit.transactions.ts';
export {
  type ChainEnd,
  type ChainFinding,
  type ChainReport,
  parseChainEnd,
  showChainEnd,
} from './check-chain.ts';
export { checkExportedChain, NoChainExport } from './check-exported-chain.ts';
export { checkStoredChain } from './check-stored-chain.ts';
export { chainHead } from './read-audit.store.ts';
export { recordAudit } from './record-audit.ts';
