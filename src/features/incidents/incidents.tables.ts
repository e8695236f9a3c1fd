import type { ColumnType } from 'kysely';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface IncidentsTable {
  id: string;
  owner_account_id: string | null;
  status: 'open' | 'closed';
  client_label: Nullable<string>;
  notes: Nullable<string>;
  incident_mode: Nullable<string>;
  capture_profile: Nullable<string>;
  escalation_policy: Nullable<string>;
  sharing_state: Nullable<string>;
  deletion_state: ColumnType<DeletionState, DeletionState | undefined, DeletionState>;
  created_at: string;
  updated_at: string;
  closed_at: Nullable<string>;
}

export type DeletionState = 'active' | 'deletion_pending' | 'deleting' | 'deletion_failed' | 'deleted';

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    incidents: IncidentsTable;
  }
}
