import type { Selectable } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { DeletionDecisionsTable, DeletionItemsTable } from './deletion.tables.ts';

export type DecisionRow = Selectable<DeletionDecisionsTable>;
export type ItemRow = Selectable<DeletionItemsTable>;

export async function decisionOf(db: Db, incidentId: string): Promise<DecisionRow | undefined> {
  return await db
    .selectFrom('incident_deletion_decisions')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
}

/** Named one by one, they are found by index. */
const unfinished = ['deletion_pending', 'deleting', 'deletion_failed'] as const;

export async function unfinishedDecisions(db: Db, limit: number): Promise<DecisionRow[]> {
  return await db
    .selectFrom('incident_deletion_decisions')
    .selectAll()
    .where('state', 'in', unfinished)
    .orderBy('updated_at')
    .limit(limit)
    .execute();
}

/** Newest first. */
export async function listDecisions(db: Db, limit: number, before?: string): Promise<DecisionRow[]> {
  return await db
    .selectFrom('incident_deletion_decisions')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/**
 * Those after an item, where one is given: PostgreSQL's index keeps what is pending no longer until a vacuum, and a look from the start
 * would pass all of it each time.
 */
export async function openItems(db: Db, decisionId: string, limit: number, after?: string): Promise<ItemRow[]> {
  return await db
    .selectFrom('incident_deletion_items')
    .selectAll()
    .where('decision_id', '=', decisionId)
    .where('state', '=', 'pending')
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Of any state. */
export async function countItems(db: Db, decisionId: string): Promise<number> {
  const row = await db
    .selectFrom('incident_deletion_items')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('decision_id', '=', decisionId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function countUnfinished(db: Db): Promise<number> {
  const row = await db
    .selectFrom('incident_deletion_decisions')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('state', 'in', unfinished)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export interface DeletionProgress {
  /** Blobs that are still there. */
  left: number;
  /** The most often that one of those was tried. */
  attempts: number;
}

/** Blobs are tried in the order of their items, so the ones tried most often come first. */
const triedFirst = 64;

/** What is left to remove, by decision; a decision with nothing left is missing. */
export async function progressOf(db: Db, decisionIds: readonly string[]): Promise<Map<string, DeletionProgress>> {
  if (decisionIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('incident_deletion_items')
    .select((builder) => ['decision_id', builder.fn.countAll<number>().as('left')])
    .where('decision_id', 'in', decisionIds)
    .where('state', '=', 'pending')
    .groupBy('decision_id')
    .execute();
  const progress = new Map<string, DeletionProgress>();
  for (const { decision_id, left } of rows) {
    const first = await openItems(db, decision_id, triedFirst);
    progress.set(decision_id, { left: Number(left), attempts: Math.max(0, ...first.map((item) => item.attempts)) });
  }
  return progress;
}
