import type { WantedBlob } from './blob-place.ts';

/** A blob whose bytes are not what its row says. */
export interface Damage {
  table: WantedBlob['table'];
  id: string;
  belongs_to: string;
  found: 'missing' | 'different';
}

export function damageOf({ table, id, belongsTo }: WantedBlob, found: Damage['found']): Damage {
  return { table, id, belongs_to: belongsTo, found };
}

export type TransferEvent =
  /** A part of the work begins; bytes and blobs are what it has to go through, as far as known. */
  | { event: 'phase'; phase: TransferPhase; blobs?: number; bytes?: number }
  /** Rows of one table are through. */
  | { event: 'table'; table: string; rows: number }
  /** One blob is through. `copied` is false for one that was there already. */
  | { event: 'blob'; bytes: number; copied: boolean }
  | ({ event: 'damage' } & Damage)
  | { event: 'notice'; message: string };

export type TransferPhase = 'rows' | 'blobs' | 'count' | 'check-source' | 'verify-rows' | 'verify-blobs' | 'clean-up';

export type Tell = (event: TransferEvent) => void;
