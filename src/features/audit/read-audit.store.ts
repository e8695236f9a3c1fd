import type { SelectQueryBuilder } from 'kysely';
import { idsSince } from '#kit/ids.ts';
import type { Timestamp } from '#kit/time.ts';
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
}

type Entries = SelectQueryBuilder<Tables, 'audit_log', AuditLogTable>;

const isAccount = (actor: string) => actor.startsWith('acct_');

/** An id begins with its time, so it is the index by time. */
function narrowed(entries: Entries, { from, to, actor, action }: AuditFilter): Entries {
  return entries
    .$if(from !== undefined, (query) => query.where('id', '>=', idsSince('aud', Date.parse(from ?? ''))))
    .$if(to !== undefined, (query) => query.where('id', '<', idsSince('aud', Date.parse(to ?? ''))))
    .$if(actor !== undefined && isAccount(actor), (query) => query.where('actor_account_id', '=', actor ?? ''))
    .$if(actor !== undefined && !isAccount(actor), (query) =>
      // Who it may be is checked by whoever asks; another word finds nothing.
      query.where('actor', '=', actor as AuditLogTable['actor']),
    )
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''));
}

/** Each way in which an entry may be theirs has an index of its own; merged here, as no database would read both in order. */
async function ofReader(
  db: Db,
  filter: AuditFilter,
  direction: 'asc' | 'desc',
  limit: number,
  further: (entries: Entries) => Entries,
): Promise<AuditLogTable[]> {
  const entries = () => further(narrowed(db.selectFrom('audit_log').selectAll(), filter));
  const { readableBy } = filter;
  const ways = (['owner_account_id', 'actor_account_id'] as const).map((column) =>
    readableBy === undefined ? entries() : entries().where(column, '=', readableBy),
  );
  const found = await Promise.all(
    (readableBy === undefined ? ways.slice(0, 1) : ways).map((way) =>
      way.orderBy('id', direction).limit(limit).execute(),
    ),
  );
  const byId = new Map(found.flat().map((row) => [row.id, row]));
  const sign = direction === 'asc' ? 1 : -1;
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -sign : sign)).slice(0, limit);
}

/** Newest first, before an id where given. */
export async function findAudit(db: Db, filter: AuditFilter, limit: number, before?: string): Promise<AuditLogTable[]> {
  return await ofReader(db, filter, 'desc', limit, (entries) =>
    entries.$if(before !== undefined, (query) => query.where('id', '<', before ?? '')),
  );
}

export async function chainHead(db: Db): Promise<ChainHead | undefined> {
  return await db.selectFrom('audit_head').select(['seq', 'hash', 'unchained']).where('id', '=', 1).executeTakeFirst();
}

const rowsAPage = 1_000;

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
  const byId = async function* (further: (entries: Entries) => Entries) {
    for (let after = ''; ; ) {
      const rows = await ofReader(db, filter, 'asc', rowsAPage, (entries) => further(entries.where('id', '>', after)));
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAPage) return;
      after = last.id;
    }
  };
  if (filter.readableBy !== undefined) {
    yield* byId((entries) => entries.where((is) => is.or([is('seq', 'is', null), is('seq', '<=', upToSeq)])));
    return;
  }
  yield* byId((entries) => entries.where('seq', 'is', null));
  // By places and not by rows found: no question reads more than a page, however few of them are asked for.
  for (let after = 0; after < upToSeq; after += rowsAPage) {
    const places = db
      .selectFrom('audit_log')
      .selectAll()
      .where('seq', '>', after)
      .where('seq', '<=', Math.min(after + rowsAPage, upToSeq));
    const rows = await narrowed(places, filter).orderBy('seq').execute();
    if (rows.length > 0) yield rows;
  }
}

/** The whole log as it stands, also what is behind its end: those that are older than the chain, then the chain by its places. */
export async function* chainPages(db: Db): AsyncGenerator<readonly AuditLogTable[]> {
  const older = (after: string) =>
    db.selectFrom('audit_log').selectAll().where('seq', 'is', null).where('id', '>', after).orderBy('id');
  for (let rows = await older('').limit(rowsAPage).execute(); rows.length > 0; ) {
    yield rows;
    rows = await older(rows.at(-1)?.id ?? '')
      .limit(rowsAPage)
      .execute();
  }
  const chained = (after: number) =>
    db.selectFrom('audit_log').selectAll().where('seq', '>', after).orderBy('seq').limit(rowsAPage).execute();
  for (let rows = await chained(0); rows.length > 0; rows = await chained(rows.at(-1)?.seq ?? 0)) yield rows;
}
