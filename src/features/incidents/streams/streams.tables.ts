import type { ColumnType } from 'kysely';
import type { QualityProfile, UploadPriority, VariantRole } from '#kit/evidence/evidence.ts';
import type { MediaType } from '../media-type.ts';

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface MediaStreamsTable {
  id: string;
  incident_id: string;
  media_type: MediaType;
  label: Nullable<string>;
  status: 'open' | 'complete' | 'failed';
  expected_chunk_count: Nullable<number>;
  chunk_count: ColumnType<number, number | undefined, number>;
  byte_count: ColumnType<number, number | undefined, number>;
  latest_chunk_id: Nullable<string>;
  created_at: string;
  updated_at: string;
  completed_at: Nullable<string>;
  failed_at: Nullable<string>;
  failure_reason: Nullable<string>;
  /** With the three below, or none of them. */
  capture_group_id: Nullable<string>;
  variant_role: Nullable<VariantRole>;
  quality_profile: Nullable<QualityProfile>;
  upload_priority: Nullable<UploadPriority>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    media_streams: MediaStreamsTable;
  }
}
