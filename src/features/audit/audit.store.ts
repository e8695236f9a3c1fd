import { newId } from '#kit/ids.ts';
import { type Timestamp, timestamp } from '#kit/time.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { AdminAuditTable } from './audit.tables.ts';

/** Who acts: an account, or the command line, the set-up form or the server where no account does. */
export type Actor = { actor: 'account'; actorAccountId: string } | { actor: 'command_line' | 'setup' | 'server' };

/** An act that changes what others may do, or what is kept: who did it, to what. Written in the transaction of the act itself. */
export interface AuditEntry {
  id: string;
  at: Timestamp;
  actor: AdminAuditTable['actor'];
  actorAccountId?: string | undefined;
  action: string;
  subjectType: string;
  subjectId?: string | undefined;
  outcome?: AdminAuditTable['outcome'];
  /** Short words of ours; never a secret, never free text of a client. */
  detail?: string | undefined;
}

export function auditEntry(entry: Omit<AuditEntry, 'id' | 'at'>, nowMs: number = Date.now()): AuditEntry {
  return { ...entry, id: newId('aud', nowMs), at: timestamp(nowMs) };
}

export async function appendAudit(db: Db, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('admin_audit')
    .values({
      id: entry.id,
      at: entry.at,
      actor_account_id: entry.actorAccountId ?? null,
      actor: entry.actor,
      action: entry.action,
      subject_type: entry.subjectType,
      subject_id: entry.subjectId ?? null,
      outcome: entry.outcome ?? 'done',
      detail: entry.detail ?? null,
    })
    .execute();
}

/** Newest first. */
export async function listAudit(db: Db, limit: number, before?: string): Promise<AdminAuditTable[]> {
  return await db
    .selectFrom('admin_audit')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
