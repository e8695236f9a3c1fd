import type { ColumnType } from 'kysely';

/** Never changed once written. */
type Fixed<T> = ColumnType<T, T, never>;

export interface CaptureGroupsTable {
  id: Fixed<string>;
  incident_id: Fixed<string>;
  capture_source_id: Fixed<string>;
  source_clock_id: Fixed<string | null>;
  source_timeline_hash: Fixed<string | null>;
  label: Fixed<string | null>;
  created_at: Fixed<string>;
  look_at: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface SourceSegmentsTable {
  capture_group_id: Fixed<string>;
  source_segment_id: Fixed<string>;
  source_sequence: Fixed<number>;
  source_started_at: Fixed<string>;
  source_ended_at: Fixed<string>;
}

export interface ChunkSourcesTable {
  chunk_id: Fixed<string>;
  capture_group_id: Fixed<string>;
  source_segment_id: Fixed<string>;
  stream_id: Fixed<string>;
  context_digest: Fixed<string | null>;
}

export interface SupersessionsTable {
  id: Fixed<string>;
  capture_group_id: Fixed<string>;
  superseding_stream_id: Fixed<string>;
  superseding_segment_id: Fixed<string>;
  superseded_stream_id: Fixed<string>;
  superseded_segment_id: Fixed<string>;
  coverage_basis: Fixed<'exact_segment' | 'superset'>;
  validation_state: Fixed<'validated'>;
  policy_version: Fixed<number>;
  reason: Fixed<'higher_quality_confirmed' | 'audio_replaced_by_master' | 'segment_superset_confirmed' | 'withdrawn'>;
  actor: Fixed<'account' | 'policy'>;
  actor_account_id: Fixed<string | null>;
  withdraws_id: Fixed<string | null>;
  created_at: Fixed<string>;
}

declare module '#platform/metadata/metadata.ts' {
  interface Tables {
    capture_groups: CaptureGroupsTable;
    source_segments: SourceSegmentsTable;
    chunk_sources: ChunkSourcesTable;
    supersessions: SupersessionsTable;
  }
}
