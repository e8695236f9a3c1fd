import type { ColumnType } from 'kysely';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface DeletionDecisionsTable {
  id: string;
  incident_id: string;
  source: 'account_request' | 'admin_request' | 'retention_policy';
  reason_code: string | null;
  actor_account_id: string | null;
  allow_open: 0 | 1;
  state: 'deletion_pending' | 'deleting' | 'deletion_failed' | 'deleted';
  item_count: number;
  error_code: Nullable<string>;
  requested_at: string;
  updated_at: string;
  deleted_at: Nullable<string>;
}

export interface DeletionItemsTable {
  id: string;
  decision_id: string;
  stored_path: string;
  byte_size: number;
  state: 'pending' | 'removed';
  attempts: ColumnType<number, number | undefined, number>;
  updated_at: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    incident_deletion_decisions: DeletionDecisionsTable;
    incident_deletion_items: DeletionItemsTable;
  }
}
