import type { ServiceName } from '../lineage-wire.ts';

export type ExportFailureCode =
  | 'export_unfinished'
  | 'manifest_missing'
  | 'manifest_unreadable'
  | 'manifest_invalid'
  | 'count_differs'
  | 'total_bytes_differ'
  | 'service_out_of_order'
  | 'run_out_of_order'
  | 'run_duplicate'
  | 'link_differs'
  | 'chain_differs'
  | 'root_differs'
  | 'record_missing'
  | 'file_unexpected'
  | 'size_differs'
  | 'hash_differs'
  | 'record_unreadable'
  | 'record_not_sealed'
  | 'record_differs';

export interface ExportFailure {
  readonly code: ExportFailureCode;
  /** One sentence for a person. */
  readonly message: string;
  /** The file that it is about, if it is about one. */
  readonly entry?: string;
}

export interface ExportedServiceReport extends ServiceName {
  readonly run_count: number;
  readonly total_bytes: number;
  /** Runs whose record is there, hashes to what the manifest says, and seals to the same bytes. */
  readonly runs_verified: number;
  /** Arrival of the first and last run. */
  readonly from?: string;
  readonly to?: string;
  readonly ok: boolean;
}

export interface ExportReport {
  readonly ok: boolean;
  readonly kind: 'lineage';
  /** Made anew from the manifest's lines; absent without a manifest. */
  readonly root?: string;
  readonly services: readonly ExportedServiceReport[];
  readonly failures: readonly ExportFailure[];
}

export type FailExport = (code: ExportFailureCode, message: string, entry?: string) => void;
