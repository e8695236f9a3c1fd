import type { ColumnType } from 'kysely';

/** Never changed once written. */
type Fixed<T> = ColumnType<T, T, never>;
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface SafetyChecksTable {
  id: Fixed<string>;
  incident_id: Fixed<string>;
  state: 'active' | 'cancelled' | 'missed' | 'resolved';
  due_at: Fixed<string>;
  grace_seconds: Fixed<number>;
  /** due_at and the grace: from then on it is missed. */
  overdue_at: Fixed<string>;
  created_at: Fixed<string>;
  updated_at: string;
  missed_at: Nullable<string>;
  ended_at: Nullable<string>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    safety_checks: SafetyChecksTable;
  }
}
