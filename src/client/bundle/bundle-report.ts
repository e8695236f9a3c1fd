import type { EnvelopeErrorCode } from '../envelope/envelope-error.ts';
import type { MediaType } from '../media-type.ts';
import type { GroupReport } from './group/group-report.ts';

export type BundleFailureCode =
  | 'manifest_missing'
  | 'manifest_unreadable'
  | 'manifest_invalid'
  | 'manifests_disagree'
  | 'entry_missing'
  | 'entry_unexpected'
  | 'entry_duplicate'
  | 'entry_out_of_order'
  | 'entry_compressed'
  | 'entry_unreadable'
  | 'size_differs'
  | 'hash_differs'
  | 'chunks_not_contiguous'
  | 'chunk_count_differs'
  | 'total_bytes_differ'
  | 'stream_count_differs'
  | 'stream_not_complete'
  | 'media_type_differs'
  | 'time_range_invalid'
  | 'chunk_too_large'
  | 'row_duplicate'
  | 'stream_unknown'
  | 'variant_invalid'
  | 'segment_conflict'
  | 'policy_unknown'
  | 'resolution_differs'
  | 'manifest_differs'
  | 'supersession_unfounded'
  | 'sums_differ'
  | 'root_differs'
  | `decryption_${EnvelopeErrorCode}`;

export interface BundleFailure {
  readonly code: BundleFailureCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The entry of the ZIP it is about, if it is about one. */
  readonly entry?: string;
}

export interface StreamReport {
  readonly stream_id: string;
  readonly incident_id: string;
  readonly media_type: MediaType;
  readonly label?: string;
  /** Of the first and last chunk, as the recorder stated them. */
  readonly started_at?: string;
  readonly ended_at?: string;
  readonly chunk_count: number;
  readonly total_bytes: number;
  /** Chunks whose size and SHA-256 are as the manifest says. */
  readonly chunks_verified: number;
  /** Chunks that opened with the key, in their own place. 0 without a key. */
  readonly chunks_decrypted: number;
  readonly ok: boolean;
}

export interface BundleReport {
  readonly ok: boolean;
  /** What the bundle is of; `unknown` when its manifest tells neither. */
  readonly kind: 'stream' | 'incident' | 'capture_group' | 'unknown';
  /** Of a capture group those of which the bundle has chunks, and of these alone the counts. */
  readonly streams: readonly StreamReport[];
  /** What the rows of a capture group come to, computed here. */
  readonly group?: GroupReport;
  readonly failures: readonly BundleFailure[];
}
