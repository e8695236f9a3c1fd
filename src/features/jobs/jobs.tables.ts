import type { ColumnType } from 'kysely';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;
type Defaulted = ColumnType<number, number | undefined, number>;

export const jobKinds = ['sniff', 'text', 'ocr', 'thumbnail', 'topics', 'import', 'mirror', 'purge'] as const;

export type JobKind = (typeof jobKinds)[number];

export interface JobsTable {
  id: string;
  kind: JobKind;
  owner_account_id: Nullable<string>;
  document_id: Nullable<string>;
  document_version: Nullable<number>;
  cloud_connection_id: Nullable<string>;
  /** JSON, as its kind reads it. */
  input: Nullable<string>;
  state: 'waiting' | 'running' | 'done' | 'parked';
  attempts: Defaulted;
  run_after: string;
  holder: Nullable<string>;
  leased_until: Nullable<string>;
  fence: Defaulted;
  progress_done: Defaulted;
  progress_total: Nullable<number>;
  error_code: Nullable<string>;
  error_detail: Nullable<string>;
  created_at: string;
  updated_at: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    jobs: JobsTable;
  }
}
