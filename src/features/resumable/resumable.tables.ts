import type { ColumnType } from 'kysely';
import type { ErrorCode } from '#kit/error-codes.ts';

export interface ResumableUploadsTable {
  id: string;
  owner_account_id: string;
  target: 'document' | 'chunk';
  /** Of a chunk: where it belongs. */
  incident_id: ColumnType<string | null, string | null | undefined, never>;
  stream_id: ColumnType<string | null, string | null | undefined, never>;
  /** JSON: the words of its sender, checked at the beginning. */
  wish: string;
  byte_size: number;
  received_bytes: ColumnType<number, number | undefined, number>;
  state: 'open' | 'done' | 'failed' | 'removing';
  /** With `failed` it is for ever; else the end may be tried again. */
  refusal: ColumnType<ErrorCode | null, ErrorCode | null | undefined, ErrorCode | null>;
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
