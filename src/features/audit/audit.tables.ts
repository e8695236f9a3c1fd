import type { ColumnType } from 'kysely';

export interface AuditLogTable {
  id: string;
  /** From 1, without a gap; null for entries that are older than the chain. */
  seq: number | null;
  at: string;
  actor_account_id: string | null;
  actor: 'account' | 'command_line' | 'setup' | 'server' | 'link' | 'unknown';
  /** Whose matter it is. */
  owner_account_id: string | null;
  action: string;
  subject_type: string;
  subject_id: string | null;
  outcome: 'done' | 'refused';
  detail: string | null;
  hash: string | null;
}

/** One row: the end of the chain. */
export interface AuditHeadTable {
  id: ColumnType<number, number, never>;
  seq: number;
  hash: string;
  unchained: ColumnType<number, number, never>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    audit_log: AuditLogTable;
    audit_head: AuditHeadTable;
  }
}
