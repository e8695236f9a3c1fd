import type { ColumnType } from 'kysely';

export interface ResumableUploadsTable {
  id: string;
  owner_account_id: string;
  target: 'document' | 'chunk';
  /** JSON: the words of its sender, checked at the beginning. */
  wish: string;
  byte_size: number;
  received_bytes: ColumnType<number, number | undefined, number>;
  state: 'open' | 'done' | 'failed' | 'removing';
  /** An error code. With `failed` it is for ever; else the end may be tried again. */
  refusal: ColumnType<string | null, string | null | undefined, string | null>;
  result_id: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: string;
  expires_at: string;
}

export interface ResumablePartsTable {
  upload_id: string;
  start_byte: number;
  byte_size: number;
  stored_path: string;
  sha256_hex: string;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    resumable_uploads: ResumableUploadsTable;
    resumable_parts: ResumablePartsTable;
  }
}
