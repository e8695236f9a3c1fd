import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Db } from '#platform/metadata/metadata.ts';
import type { SupersessionsTable } from '../captures.tables.ts';

export type SupersessionRow = Selectable<SupersessionsTable>;

/** Oldest first. */
export async function supersessionsOf(
  db: Db,
  groupId: string,
  limit: number,
  after?: string,
): Promise<SupersessionRow[]> {
  return await db
    .selectFrom('supersessions')
    .selectAll()
    .where('capture_group_id', '=', groupId)
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Throws supersession_not_found, also for one of another group. */
export async function supersessionOf(db: Db, groupId: string, id: string): Promise<SupersessionRow> {
  const found = await db
    .selectFrom('supersessions')
    .selectAll()
    .where('id', '=', id)
    .where('capture_group_id', '=', groupId)
    .executeTakeFirst();
  if (found === undefined) throw new Problem('supersession_not_found');
  return found;
}

export async function withdrawalOf(db: Db, id: string): Promise<SupersessionRow | undefined> {
  return await db.selectFrom('supersessions').selectAll().where('withdraws_id', '=', id).executeTakeFirst();
}

/** Decisions of a group, and how many of them were taken back. */
export async function countSupersessions(db: Db, groupId: string): Promise<{ recorded: number; withdrawn: number }> {
  const found = await db
    .selectFrom('supersessions')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.count<number>('withdraws_id').as('withdrawn')])
    .where('capture_group_id', '=', groupId)
    .executeTakeFirstOrThrow();
  return { recorded: found.rows - found.withdrawn, withdrawn: found.withdrawn };
}

/** Which of these were taken back. */
export async function withdrawnAmong(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const found = await db.selectFrom('supersessions').select('withdraws_id').where('withdraws_id', 'in', ids).execute();
  return new Set(found.flatMap(({ withdraws_id: id }) => (id === null ? [] : [id])));
}
