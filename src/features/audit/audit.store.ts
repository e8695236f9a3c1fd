import { newId } from '#kit/ids.ts';
import { type Timestamp, timestamp } from '#kit/time.ts';
import { compiled } from '#platform/metadata/compiled.ts';
import { type Db, lastly, type Trx } from '#platform/metadata/metadata.ts';
import type { AuditLogTable } from './audit.tables.ts';
import { type AuditWords, chainHash, chainStart } from './audit-chain.ts';

/** Who acts: an account; or the command line, the set-up form, the server, whoever came by a link, or nobody known. */
export type Actor =
  | { actor: 'account'; actorAccountId: string }
  | { actor: Exclude<AuditLogTable['actor'], 'account'>; actorAccountId?: undefined };

/** An act that changes what others may do or what is kept, or shows it to somebody: who, to what. Written in the transaction of the act. */
export interface AuditEntry {
  id: string;
  at: Timestamp;
  actor: AuditLogTable['actor'];
  actorAccountId?: string | undefined;
  /** Whose matter it is: they may read the entry. */
  ownerAccountId?: string | undefined;
  action: string;
  subjectType: string;
  subjectId?: string | undefined;
  outcome?: AuditLogTable['outcome'];
  /** Short words of ours; never a secret, never free text of a client. */
  detail?: string | undefined;
}

export function auditEntry(entry: Omit<AuditEntry, 'id' | 'at'>, nowMs: number = Date.now()): AuditEntry {
  return { ...entry, id: newId('aud', nowMs), at: timestamp(nowMs) };
}

/** One at a time: whoever appends holds the end of the chain until the commit. Hence it is the last that a body locks. */
const headToMove = compiled((db, _: object) =>
  db.selectFrom('audit_head').select(['seq', 'hash']).where('id', '=', 1).forNoKeyUpdate(),
);

const moveHead = compiled((db, to: { seq: number; hash: string }) =>
  db.updateTable('audit_head').set({ seq: to.seq, hash: to.hash }).where('id', '=', 1),
);

const insertEntry = compiled((db, row: AuditWords & { seq: number; hash: string }) =>
  db.insertInto('audit_log').values({
    id: row.id,
    seq: row.seq,
    at: row.at,
    actor_account_id: row.actor_account_id,
    actor: row.actor,
    owner_account_id: row.owner_account_id,
    action: row.action,
    subject_type: row.subject_type,
    subject_id: row.subject_id,
    outcome: row.outcome,
    detail: row.detail,
    hash: row.hash,
  }),
);

/** With the first entry. On PostgreSQL two may begin it at once: the second waits here for the first, and goes on from its entry. */
async function beginChain(trx: Trx): Promise<{ seq: number; hash: string }> {
  const older = await trx
    .selectFrom('audit_log')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('seq', 'is', null)
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('audit_head')
    .values({ id: 1, seq: 0, hash: chainStart, unchained: Number(older.count) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const head = await headToMove.first(trx, {});
  if (head === undefined) throw new Error('the audit chain has no end');
  return head;
}

/**
 * Puts entries at the end of the chain, in their order. The last that a body does: whoever else appends waits for its commit, which is sent
 * along.
 */
export async function appendAudit(trx: Trx, ...entries: readonly AuditEntry[]): Promise<void> {
  let end = (await headToMove.first(trx, {})) ?? (await beginChain(trx));
  const rows = entries.map((entry) => {
    const words = wordsOf(entry);
    const seq = end.seq + 1;
    end = { seq, hash: chainHash(seq, end.hash, words) };
    return { ...words, ...end };
  });
  await lastly(trx, [...rows.map((row) => insertEntry.changes(trx, row)), moveHead.changes(trx, end)]);
}

function wordsOf(entry: AuditEntry): AuditWords {
  return {
    id: entry.id,
    at: entry.at,
    actor_account_id: entry.actorAccountId ?? null,
    actor: entry.actor,
    owner_account_id: entry.ownerAccountId ?? null,
    action: entry.action,
    subject_type: entry.subjectType,
    subject_id: entry.subjectId ?? null,
    outcome: entry.outcome ?? 'done',
    detail: entry.detail ?? null,
  };
}

/** Newest first. */
export async function listAudit(db: Db, limit: number, before?: string): Promise<AuditLogTable[]> {
  return await db
    .selectFrom('audit_log')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
