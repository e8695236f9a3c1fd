import type { Selectable } from 'kysely';
import { Problem } from '#kit/errors.ts';
import type { Timestamp } from '#kit/time.ts';
import type { Db, Trx } from '#platform/metadata/metadata.ts';
import { holdingStates } from './safety-check-state.ts';
import type { SafetyChecksTable } from './safety-checks.tables.ts';

export type SafetyCheckRow = Selectable<SafetyChecksTable>;

/** Newest first. */
export async function safetyChecksOf(
  db: Db,
  incidentId: string,
  limit: number,
  before?: string,
): Promise<SafetyCheckRow[]> {
  return await db
    .selectFrom('safety_checks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

function oneOf(db: Db, incidentId: string, id: string) {
  return db.selectFrom('safety_checks').selectAll().where('id', '=', id).where('incident_id', '=', incidentId);
}

/** Throws safety_check_not_found, also for one of another incident. */
export async function safetyCheckOf(db: Db, incidentId: string, id: string): Promise<SafetyCheckRow> {
  const found = await oneOf(db, incidentId, id).executeTakeFirst();
  if (found === undefined) throw new Problem('safety_check_not_found');
  return found;
}

/** As above, and nobody else ends it or writes it down as missed meanwhile. */
export async function safetyCheckToChange(trx: Trx, incidentId: string, id: string): Promise<SafetyCheckRow> {
  const found = await oneOf(trx, incidentId, id).forNoKeyUpdate().executeTakeFirst();
  if (found === undefined) throw new Problem('safety_check_not_found');
  return found;
}

/** The one that is active or missed and not resolved; there is at most one. */
export async function holdingSafetyCheck(db: Db, incidentId: string): Promise<SafetyCheckRow | undefined> {
  return await db
    .selectFrom('safety_checks')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where('state', 'in', holdingStates)
    .executeTakeFirst();
}

export interface OverdueCheck {
  id: string;
  incident_id: string;
  overdue_at: string;
  owner_account_id: string | null;
}

/** Those that are missed and whose rows do not say so yet, the oldest first. */
export async function overdueSafetyChecks(db: Db, at: Timestamp, limit: number): Promise<OverdueCheck[]> {
  return await db
    .selectFrom('safety_checks')
    .innerJoin('incidents', 'incidents.id', 'safety_checks.incident_id')
    .select(['safety_checks.id', 'safety_checks.incident_id', 'safety_checks.overdue_at', 'incidents.owner_account_id'])
    .where('safety_checks.state', '=', 'active')
    .where('safety_checks.overdue_at', '<=', at)
    .orderBy('safety_checks.overdue_at')
    .limit(limit)
    .execute();
}

/** As their rows say it. */
export async function countSafetyChecks(db: Db, state: SafetyCheckRow['state']): Promise<number> {
  const row = await db
    .selectFrom('safety_checks')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('state', '=', state)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
