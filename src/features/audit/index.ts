export { type Actor, type AuditEntry, appendAudit, auditEntry, listAudit } from './audit.store.ts';
export type { AdminAuditTable } from './audit.tables.ts';
export { recordAuditTransaction } from './audit.transactions.ts';
