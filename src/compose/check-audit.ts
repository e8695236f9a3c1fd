import { type ChainEnd, type ChainReport, checkStoredChain } from '#features/audit/index.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { fillingMarkId } from './transfer/filling-mark-id.ts';

interface AuditCheck {
  /** An end that was noted down earlier. */
  expected?: ChainEnd | undefined;
  onProgress?: (entries: number) => void;
}

/** The audit of one moment, checked from its first entry to its last. Nothing is changed. */
export async function auditReport(metadata: Metadata, options: AuditCheck = {}): Promise<ChainReport> {
  // The mark of a store that is being filled stands among the entries and is none.
  return await metadata.snapshot((db) => checkStoredChain(db, { ...options, exceptId: fillingMarkId }));
}
