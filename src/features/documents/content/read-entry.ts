import { auditEntry, recordAudit } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import type { BlobRange } from '#platform/blobs/blob-store.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { DocumentRow } from '../access.ts';

/** Says on the audit log that an account reads a version; resolves when that is durable. */
export async function recordReading(
  metadata: Metadata,
  caller: Caller,
  document: DocumentRow,
  version: number,
  range: BlobRange | undefined,
): Promise<void> {
  const entry = auditEntry({
    actor: 'account',
    actorAccountId: caller.accountId,
    ownerAccountId: document.owner_account_id,
    action: 'document.read',
    subjectType: 'document',
    subjectId: document.id,
    detail: `version ${version}${range === undefined ? '' : `, bytes ${range.start}-${range.end}`}`,
  });
  await recordAudit(metadata, entry);
}
