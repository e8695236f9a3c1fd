import { type AuditEntry, auditEntry, recordAudit } from '#features/audit/index.ts';
import { Problem } from '#kit/errors.ts';
import { timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { endOf, type LinkRow, linkNamed } from './links.store.ts';

/** What is on the log about those who come by a link. Words of ours. */
export function visitEntry(
  link: LinkRow | undefined,
  act: {
    action: 'share.visit' | 'share.unlock' | 'document.read';
    outcome?: 'refused';
    detail?: string;
    documentId?: string;
  },
  nowMs: number,
): AuditEntry {
  const { action, outcome, detail, documentId } = act;
  return auditEntry(
    {
      actor: link === undefined ? 'unknown' : 'link',
      ownerAccountId: link?.owner_account_id,
      action,
      ...(documentId === undefined
        ? { subjectType: 'share', subjectId: link?.id }
        : { subjectType: 'document', subjectId: documentId }),
      outcome: outcome ?? 'done',
      detail,
    },
    nowMs,
  );
}

/** Puts it on the log and is what to throw: one answer, after the same work, whatever is wrong. */
export async function refusedVisit(
  metadata: Metadata,
  link: LinkRow | undefined,
  reason: string,
  nowMs: number,
): Promise<Problem> {
  const entry = visitEntry(link, { action: 'share.visit', outcome: 'refused', detail: reason }, nowMs);
  await recordAudit(metadata, entry);
  return new Problem('share_invalid');
}

/** The link that a token opens. Throws share_invalid: for what cannot be a token at once, else as refusedVisit. */
export async function openLink(metadata: Metadata, token: string, nowMs: number): Promise<LinkRow> {
  // As newSecret makes them. Nothing is learnt from the quick answer to anything else.
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) throw new Problem('share_invalid');
  const link = await linkNamed(metadata.read, token);
  const end = link === undefined ? 'unknown' : endOf(link, timestamp(nowMs));
  if (link === undefined || end !== undefined) throw await refusedVisit(metadata, link, end ?? 'unknown', nowMs);
  return link;
}
