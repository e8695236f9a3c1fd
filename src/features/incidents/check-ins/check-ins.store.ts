import type { Selectable } from 'kysely';
import type { Db } from '#platform/metadata/metadata.ts';
import type { CheckinsTable } from './check-ins.tables.ts';

export type CheckinRow = Selectable<CheckinsTable>;

/** Oldest first. */
export async function checkinsOf(db: Db, incidentId: string, limit: number): Promise<CheckinRow[]> {
  return await db
    .selectFrom('checkins')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Newest first. */
export async function latestCheckins(db: Db, incidentId: string, limit: number): Promise<CheckinRow[]> {
  return await db
    .selectFrom('checkins')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}
