import { type AuditEntry, auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import { type Timestamp, timestamp } from '#kit/time.ts';
import type { Access, Claim } from './access.ts';

/** Who does something to what is somebody's, when, and what the audit log says of it. */
export interface Act {
  ownerId: string;
  accountId: string;
  at: Timestamp;
  audit: AuditEntry;
}

type Subject = 'document' | 'folder' | 'topic';

export function act(
  caller: Pick<Caller, 'accountId'>,
  ownerId: string,
  [subjectType, subjectId]: readonly [Subject, string],
  verb: string,
  detail?: string,
): Act {
  const { accountId } = caller;
  const nowMs = Date.now();
  const audit = auditEntry(
    {
      actor: 'account',
      actorAccountId: accountId,
      ownerAccountId: ownerId,
      action: `${subjectType}.${verb}`,
      subjectType,
      subjectId,
      detail,
    },
    nowMs,
  );
  return { ownerId, accountId, at: timestamp(nowMs), audit };
}

/** What whoever acts must be allowed, judged again in the transaction. */
export function claim({ accountId, at }: Act, id: string, need: Access): Claim {
  return { accountId, at, id, need };
}
