import type { ColumnType } from 'kysely';
import type { MediaType } from '../media-type.ts';

export interface ChunksTable {
  id: string;
  incident_id: string;
  stream_id: string | null;
  chunk_index: number;
  media_type: MediaType;
  started_at: string;
  ended_at: string;
  original_filename: string | null;
  stored_path: string;
  byte_size: number;
  sha256_hex: string;
  created_at: string;
}

export interface UploadOperationsTable {
  id: string;
  operation_type: 'complete_chunk';
  idempotency_key_hash: string;
  state: 'completed';
  incident_id: string;
  chunk_id: string;
  fingerprint: string;
  created_at: ColumnType<string, string, never>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    chunks: ChunksTable;
    upload_operations: UploadOperationsTable;
  }
}
