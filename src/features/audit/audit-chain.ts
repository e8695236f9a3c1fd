import { createHash } from 'node:crypto';
import type { AuditLogTable } from './audit.tables.ts';

/** What an entry says, without its place in the chain. */
export type AuditWords = Omit<AuditLogTable, 'seq' | 'hash'>;

/** Of the entry before the first. */
export const chainStart = '0'.repeat(64);

/** SHA-256 over a JSON array of the place, the hash of the entry before, and every word of the entry, in this order. */
export function chainHash(seq: number, previousHash: string, entry: AuditWords): string {
  const words = [
    seq,
    previousHash,
    entry.id,
    entry.at,
    entry.actor,
    entry.actor_account_id,
    entry.owner_account_id,
    entry.action,
    entry.subject_type,
    entry.subject_id,
    entry.outcome,
    entry.detail,
  ];
  return createHash('sha256').update(JSON.stringify(words)).digest('hex');
}
