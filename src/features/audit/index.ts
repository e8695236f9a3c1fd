export { type Actor, type AuditEntry, appendAudit, auditEntry, listAudit } from './audit.store.ts';
export type { AuditLogTable } from './audit.tables.ts';
export { recordAuditTransaction } from './audit.transactions.ts';
