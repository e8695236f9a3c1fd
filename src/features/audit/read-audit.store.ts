import { setImmediate } from 'node:timers/promises';
import type { SelectQueryBuilder } from 'kysely';
import { idsSince } from '#kit/ids.ts';
import { isBefore, type Timestamp } from '#kit/time.ts';
import type { Db, Tables } from '#platform/metadata/metadata.ts';
import type { AuditLogTable } from './audit.tables.ts';
import type { ChainHead } from './check-chain.ts';

/** Which entries: all that are given must hold. */
export interface AuditFilter {
  /** The entries that this account may read: it acted, or it is its matter. Absent: everybody's. */
  readableBy?: string | undefined;
  from?: Timestamp | undefined;
  /** Before, not at. */
  to?: Timestamp | undefined;
  /** An account, or a word for who else acts. */
  actor?: string | undefined;
  action?: string | undefined;
  /** The id of what it was done to. */
  subject?: string | undefined;
}

type Entries = SelectQueryBuilder<Tables, 'audit_log', AuditLogTable>;

/** A question reads no more rows than this, however few of them are asked for; in between others have their turn. */
const rowsAPage = 500;

function matches(row: AuditLogTable, { from, to, actor, action, subject }: AuditFilter): boolean {
  return (
    (from === undefined || !isBefore(row.at, from)) &&
    (to === undefined || isBefore(row.at, to)) &&
    (actor === undefined || row.actor === actor || row.actor_account_id === actor) &&
    (action === undefined || row.action === action) &&
    (subject === undefined || row.subject_id === subject)
  );
}

/**
 * Rows along an index, of which some may not be asked for. An id begins with its time, so it is the index by time. Each way in which an
 * entry may be somebody's has an index of its own; they are merged here, as no database would read both in order.
 */
async function candidates(
  db: Db,
  { readableBy, from, to, actor }: AuditFilter,
  direction: 'asc' | 'desc',
  further: (entries: Entries) => Entries,
): Promise<AuditLogTable[]> {
  const entries = () =>
    further(db.selectFrom('audit_log').selectAll())
      .$if(from !== undefined, (query) => query.where('id', '>=', idsSince('aud', Date.parse(from ?? ''))))
      .$if(to !== undefined, (query) => query.where('id', '<', idsSince('aud', Date.parse(to ?? '') + 1)));
  const ways =
    readableBy !== undefined
      ? [entries().where('owner_account_id', '=', readableBy), entries().where('actor_account_id', '=', readableBy)]
      : [actor?.startsWith('acct_') === true ? entries().where('actor_account_id', '=', actor) : entries()];
  const found = await Promise.all(ways.map((way) => way.orderBy('id', direction).limit(rowsAPage).execute()));
  const byId = new Map(found.flat().map((row) => [row.id, row]));
  const sign = direction === 'asc' ? 1 : -1;
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -sign : sign)).slice(0, rowsAPage);
}

/** Newest first, before an id where given. */
export async function findAudit(db: Db, filter: AuditFilter, limit: number, before?: string): Promise<AuditLogTable[]> {
  const found: AuditLogTable[] = [];
  for (let last = before; ; await setImmediate()) {
    const rows = await candidates(db, filter, 'desc', (entries) =>
      entries.$if(last !== undefined, (query) => query.where('id', '<', last ?? '')),
    );
    found.push(...rows.filter((row) => matches(row, filter)));
    if (found.length >= limit || rows.length < rowsAPage) return found.slice(0, limit);
    last = rows.at(-1)?.id;
  }
}

export async function chainHead(db: Db): Promise<ChainHead | undefined> {
  return await db.selectFrom('audit_head').select(['seq', 'hash', 'unchained']).where('id', '=', 1).executeTakeFirst();
}

/**
 * All entries up to a place in the chain, oldest first, some at a time: of a reader in the order of their ids, else those that are older
 * than the chain and then the chain. Entries never change, so they are of one moment without a transaction that a slow reader would
 * hold open.
 */
export async function* auditPages(
  db: Db,
  filter: AuditFilter,
  upToSeq: number,
): AsyncGenerator<readonly AuditLogTable[]> {
  const wanted = (rows: readonly AuditLogTable[]) => rows.filter((row) => matches(row, filter));
  const everybodys = filter.readableBy === undefined;
  for (let last = ''; ; await setImmediate()) {
    const rows = await candidates(db, filter, 'asc', (entries) => {
      const later = entries.where('id', '>', last);
      return everybodys ? later.where('seq', 'is', null) : later;
    });
    yield wanted(rows).filter(({ seq }) => seq === null || seq <= upToSeq);
    if (rows.length < rowsAPage) break;
    last = rows.at(-1)?.id ?? '';
  }
  for (let after = 0; everybodys && after < upToSeq; after += rowsAPage) {
    yield wanted(
      await placesAfter(db, after)
        .where('seq', '<=', Math.min(after + rowsAPage, upToSeq))
        .execute(),
    );
    await setImmediate();
  }
}

/** The whole log as it stands, also what is behind its end: those that are older than the chain, then the chain by its places. */
export async function* chainPages(db: Db): AsyncGenerator<readonly AuditLogTable[]> {
  const older = (after: string) =>
    candidates(db, {}, 'asc', (all) => all.where('seq', 'is', null).where('id', '>', after));
  for (let rows = await older(''); rows.length > 0; rows = await older(rows.at(-1)?.id ?? '')) yield rows;
  const chained = (after: number) => placesAfter(db, after).limit(rowsAPage).execute();
  for (let rows = await chained(0); rows.length > 0; rows = await chained(rows.at(-1)?.seq ?? 0)) yield rows;
}

function placesAfter(db: Db, seq: number): Entries {
  return db.selectFrom('audit_log').selectAll().where('seq', '>', seq).orderBy('seq');
}
